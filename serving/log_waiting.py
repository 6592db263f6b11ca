"""An entry of the log that somebody waits for, and the answer when it is written."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

from serving.log_entry import LoggedDecision, LoggedOutcome
from serving.log_store import Answer


class Waiting:
    """A decision or an outcome with the future that its answer settles; made on an event loop."""

    __slots__ = ("done", "entry")

    def __init__(self, entry: LoggedDecision | LoggedOutcome) -> None:
        self.entry = entry
        self.done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    @property
    def is_outcome(self) -> bool:
        """Whether an outcome waits, not a decision."""
        return isinstance(self.entry, LoggedOutcome)


class Wake:
    """No entry: what was introduced is to be written now, and so the log is opened."""


Entry = LoggedDecision | Waiting
WAKE = Wake()


def settle(answers: Iterable[tuple[Waiting, Answer]]) -> None:
    """Give the answers to who waits, from another thread; each event loop is woken once."""
    by_loop = defaultdict(list)
    for waiting, answer in answers:
        by_loop[waiting.done.get_loop()].append((waiting, answer))
    for loop, pairs in by_loop.items():
        with suppress(RuntimeError):  # the loop has ended, and nobody waits any more
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[Waiting, Answer]]) -> None:
    for waiting, answer in pairs:
        if not waiting.done.done():  # else who asked has gone
            waiting.done.set_result(answer)
