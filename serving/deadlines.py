"""Deadlines: how long the asker waits, and how much earlier an answer must leave us."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# An answer needs time to travel: a tenth of the deadline, within these bounds.
_MARGIN_SHARE = 0.1
_LEAST_MARGIN_SECONDS = 0.005
_MOST_MARGIN_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant on the monotonic clock by which the asker has gone its own way."""

    started: float
    seconds: float

    @classmethod
    def of(cls, milliseconds: int, *, started: float) -> Deadline:
        """Return the deadline of a request that came at `started` (`time.perf_counter`)."""
        return cls(started, milliseconds / 1000)

    @property
    def margin_seconds(self) -> float:
        """How long before the deadline the answer must leave."""
        share = self.seconds * _MARGIN_SHARE
        return min(max(share, _LEAST_MARGIN_SECONDS), _MOST_MARGIN_SECONDS, self.seconds)

    def left_seconds(self) -> float:
        """Return how long may still be waited for an answer; 0 where none may."""
        passed = time.perf_counter() - self.started
        return max(0.0, self.seconds - self.margin_seconds - passed)

    @property
    def why(self) -> str:
        """What an answer says that was given for want of time."""
        return f"The decision was not ready within the {self.seconds * 1000:.0f} ms of the asker."

    def missed(self) -> bool:
        """Return whether the asker has stopped waiting by now."""
        return time.perf_counter() - self.started > self.seconds


async def within(deadline: Deadline, waiting: asyncio.Future[T]) -> T | None:
    """Return what the future holds, or None at the last moment before the deadline.

    What comes later goes nowhere; what is raised in time is raised.
    """
    if waiting.done():
        return waiting.result()
    timer = asyncio.get_running_loop().call_later(deadline.left_seconds(), _expire, waiting)
    try:
        return await waiting
    except _ExpiredError:
        return None
    finally:
        timer.cancel()


class _ExpiredError(Exception):
    """The deadline came before the answer."""


def _expire(waiting: asyncio.Future[T]) -> None:
    if not waiting.done():
        waiting.set_exception(_ExpiredError())
