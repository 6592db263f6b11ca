"""What an adapter is: its endpoint, a mapping in, a mapping out, and how long its router waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from routing.answer import Decision
from routing.contact import Contact
from serving.endpoints import Endpoint

Message = TypeVar("Message")

# Why a message may be refused at every adapter that a key opens.
REFUSALS = (400, 401, 403, 408, 413, 415, 421, 422)


@dataclass(frozen=True, slots=True)
class Adapter(Generic[Message]):
    """One router's language; both mappings are pure, and neither fails for a decoded message.

    `deadline_ms` is the router's own time-out where neither the message nor the settings say one.
    """

    name: str
    endpoint: Endpoint
    contact_of: Callable[[Message], Contact]
    answer_of: Callable[[Decision, Message], Any]
    deadline_ms: int
