"""What an endpoint is: the one description that the API page, the tests and the docs read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from serving.identity import Use


@dataclass(frozen=True, slots=True)
class Example:
    """A real exchange: the request's body (None where it has none) and the answer to it."""

    name: str
    request: Any
    answer: Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query."""

    name: str
    where: str
    text: str
    example: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: what it is for, who may use it, what goes in and comes out.

    `unready` is the status of the same answer while the endpoint has nothing to work with.
    """

    method: str
    path: str
    summary: str
    text: str
    use: Use | None = None
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    answer: Any = None
    status: int = 200
    unready: int | None = None
    media_type: str = "application/json"
    examples: tuple[Example, ...] = ()
    problems: tuple[int, ...] = ()
