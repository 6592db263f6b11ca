"""Deadlines: how long the asker waits, and how much earlier an answer must leave us."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
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


async def within(deadline: Deadline, work: Future[T]) -> T | None:
    """Return what the work returns, or None at the last moment before the deadline.

    Work that is under way then is left to end by itself; what it raises in time is raised.
    """
    wrapped = asyncio.wrap_future(work)
    done, _ = await asyncio.wait({wrapped}, timeout=deadline.left_seconds())
    if done:
        return wrapped.result()
    work.cancel()  # what has not begun need not
    wrapped.add_done_callback(_hear)
    return None


def _hear(ended: asyncio.Future[T]) -> None:
    """Take note of what an answer nobody waits for came to, so that nothing complains of it."""
    if not ended.cancelled():
        ended.exception()
