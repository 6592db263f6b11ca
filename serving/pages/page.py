"""A page: its line in the navigation, its addresses, and what it shares with the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import Response

from serving.clock import Clock
from serving.identity import KeyRing
from serving.offers_ledger import ChangesReader
from serving.pages.frame import Frame

Handler = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page works with: the workspace, the frame, who may ask, the time, and the decisions
    on offers.
    """

    home: Path
    frame: Frame
    keys: KeyRing
    clock: Clock
    decisions: ChangesReader


@dataclass(frozen=True, slots=True)
class Address:
    """Where a handler answers; `method` is GET (and HEAD) or POST."""

    path: str
    handler: Handler
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `label` stands in the navigation, "" keeps it out.

    `name` marks the page's own line, `path` is where it starts, `addresses` makes its handlers.
    """

    name: str
    label: str
    path: str
    addresses: Callable[[Desk], Sequence[Address]]
