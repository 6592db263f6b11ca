"""How long work tells of itself: the caller decides whether a bar, lines or nothing is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Track(Protocol):
    """Announce work of `total` units; yields a function to call with each count of units done."""

    def __call__(  # noqa: D102 - the class docstring says it
        self, doing: str, *, total: int, unit: str
    ) -> AbstractContextManager[Callable[[int], None]]: ...


@contextmanager
def silent(doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Track that shows nothing."""
    yield lambda _count: None
