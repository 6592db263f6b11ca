"""Value groups: customers cut by value; the cut follows the capacity of the pools of agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from routing.errors import RoutingError

NAMES = ("first", "second", "third", "fourth", "fifth")
NEVER = float("inf")  # a cut that nobody reaches


class ShareError(RoutingError):
    """Shares of capacity that do not make groups."""


class Values(Protocol):
    """The values of all customers, wherever they lie; money."""

    def count(self) -> int:
        """Return how many there are."""
        ...

    def largest(self, place: int) -> float:
        """Return the value at that place, counted from 1 for the largest."""
        ...

    def at_least(self, value: float) -> int:
        """Return how many are `value` or more."""
        ...

    def least_above(self, value: float) -> float | None:
        """Return the smallest value above, or None."""
        ...


class ArrayValues:
    """Values held in an array."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._sorted = np.sort(values)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._sorted)

    def largest(self, place: int) -> float:
        """Return the value at that place, counted from 1 for the largest."""
        return float(self._sorted[-place])

    def at_least(self, value: float) -> int:
        """Return how many are `value` or more."""
        return len(self._sorted) - int(np.searchsorted(self._sorted, value, side="left"))

    def least_above(self, value: float) -> float | None:
        """Return the smallest value above, or None."""
        place = int(np.searchsorted(self._sorted, value, side="right"))
        return float(self._sorted[place]) if place < len(self._sorted) else None


def cut_at(values: Values, *, share: float) -> float:
    """Return the least threshold that at most `share` of the customers reach.

    Equal values stay together: where a tie would overfill the share, all of it stays below. A
    larger share never gives a higher threshold.
    """
    places = int(share * values.count() + 1e-9)  # the 1e-9 undoes 0.3 * 10 = 2.9999...
    if places <= 0:
        return NEVER
    value = values.largest(places)
    if values.at_least(value) <= places:
        return value
    above = values.least_above(value)
    return NEVER if above is None else above


def cuts(values: Values, *, shares: Sequence[float]) -> tuple[float, ...]:
    """Return falling thresholds, one for each share of capacity but the last pool's.

    `shares` are those of the first, second, ... pool, each above or at 0, together at most 1;
    the last group takes the rest. Raises ShareError.
    """
    if not shares or min(shares) < 0 or sum(shares) > 1 + 1e-9 or len(shares) >= len(NAMES):
        raise ShareError(
            f"The shares {tuple(shares)} make no value groups.",
            fix=f"Give 1 to {len(NAMES) - 1} shares of at least 0 that sum to at most 1.",
        )
    return tuple(cut_at(values, share=min(part, 1.0)) for part in np.cumsum(shares).tolist())


def group_numbers(values: NDArray[np.float64], *, cuts: Sequence[float]) -> NDArray[np.intp]:
    """Return (n,) group numbers, 0 for the first: how many thresholds a value does not reach."""
    thresholds = np.array(cuts)
    return np.asarray((values[:, None] < thresholds[None, :]).sum(axis=1), dtype=np.intp)


def group_name(number: int) -> str:
    """Return the name of a group: first, second, ..."""
    return NAMES[number]
