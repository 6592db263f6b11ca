"""Intervals drawn in table cells on one scale, so that rows can be compared at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.pages.offers_report import Interval

WIDTH = 132
_EDGE = 6.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from money to the pixels of a cell; `low` <= 0 <= `high`."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return where a value stands, in pixels from the left."""
        share = (value - self.low) / (self.high - self.low)
        return round(_EDGE + share * (WIDTH - 2 * _EDGE), 1)


def scale_of(intervals: Sequence[Interval | None]) -> Scale | None:
    """Return the scale that holds all the intervals and zero, or None where there are none."""
    ends = [end for found in intervals if found for end in (found.low, found.high)]
    if not ends:
        return None
    low, high = min(0.0, *ends), max(0.0, *ends)
    return Scale(low, high) if high > low else Scale(-1.0, 1.0)
