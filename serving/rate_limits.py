"""How fast each key may ask: a token bucket a key, in each process for itself."""

from __future__ import annotations

import math
import time

from serving.key_file import Key, Rate
from serving.problems import ProblemError


class Bucket:
    """Holds at most `burst` tokens and gains `per_second`; a request takes one."""

    __slots__ = ("_burst", "_last", "_per_second", "_tokens")

    def __init__(self, rate: Rate, *, now: float) -> None:
        self._per_second = rate.per_second
        self._burst = rate.burst
        self._tokens = rate.burst
        self._last = now

    def take(self, now: float) -> float:
        """Take a token and return 0.0; where there is none, return the seconds until the next."""
        tokens = min(self._burst, self._tokens + (now - self._last) * self._per_second)
        self._last = now
        if tokens >= 1.0:
            self._tokens = tokens - 1.0
            return 0.0
        self._tokens = tokens
        return (1.0 - tokens) / self._per_second


class RateLimits:
    """The buckets of one process; with several workers each has its share of every rate.

    A load that is spread unevenly over the workers is held back a little before its rate is
    reached, and never let through above it (a burst is at least one request a worker).
    """

    def __init__(self, *, workers: int = 1) -> None:
        self._workers = workers
        self._buckets: dict[str, tuple[Rate, Bucket]] = {}

    def wait_seconds(self, key: Key) -> float:
        """Return 0.0 and count the request where the key may ask now; else how long to wait."""
        rate = key.rate
        if rate is None:
            return 0.0
        now = time.monotonic()
        found = self._buckets.get(key.name)
        if found is None or (found[0] is not rate and found[0] != rate):
            share = Rate(rate.per_second / self._workers, max(1.0, rate.burst / self._workers))
            found = self._buckets[key.name] = (rate, Bucket(share, now=now))
        return found[1].take(now)

    def require(self, key: Key) -> None:
        """Raise ProblemError 429 that says when to come again, unless the key may ask now."""
        seconds = self.wait_seconds(key)
        if seconds > 0.0:
            raise ProblemError(
                429,
                why_too_fast(key),
                fix="Wait as long as Retry-After says, and ask less often.",
                headers={"retry-after": str(math.ceil(seconds))},
            )


def why_too_fast(key: Key) -> str:
    """Return what is said to who asks faster than the key may."""
    assert key.rate is not None  # else nothing is too fast
    return f"The key '{key.name}' may ask {key.rate.per_second:g} times a second."
