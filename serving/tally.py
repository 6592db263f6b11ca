"""Decisions counted in plain numbers, and handed to Prometheus' counters from time to time.

Three locked counters and a histogram took as long as the look-up of the strategy itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from prometheus_client import Counter, Histogram

from routing.answer import Source


class Tally:
    """Counts on the event loop's thread alone, and is flushed on it."""

    def __init__(self, decisions: Counter, latency: Histogram, *, bounds: Sequence[float]) -> None:
        self._decisions = {source: decisions.labels(source.value) for source in Source}
        self._latency = latency
        self._bounds_microseconds = [round(bound * 1e6) for bound in bounds]
        self._clear()

    def _clear(self) -> None:
        self._sources = dict.fromkeys(Source, 0)
        self._buckets = [0] * (len(self._bounds_microseconds) + 1)
        self._microseconds = 0

    def add(self, source: Source, microseconds: int) -> None:
        """Count one decision and the time it took."""
        self._sources[source] += 1
        self._buckets[bisect_left(self._bounds_microseconds, microseconds)] += 1
        self._microseconds += microseconds

    def flush(self) -> None:
        """Hand over what was counted since."""
        for source, count in self._sources.items():
            if count:
                self._decisions[source].inc(count)
        # The library observes one value at a time; these are what it would add to.
        for bucket, count in zip(self._latency._buckets, self._buckets, strict=True):
            if count:
                bucket.inc(count)
        if self._microseconds:
            self._latency._sum.inc(self._microseconds / 1e6)
        self._clear()
