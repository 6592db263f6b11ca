"""The parts of labelled rows: fit, select and judge; by time, so that the past never knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import TooFewRowsError


@dataclass(frozen=True, slots=True)
class Shares:
    """The parts' shares of the rows; what is left after fit and select is judged on."""

    fit: float = 0.70
    select: float = 0.15


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of the rows of each part; no row is in two."""

    fit: NDArray[np.intp]
    select: NDArray[np.intp]
    judge: NDArray[np.intp]


def split_by_time(at: NDArray[Any], *, shares: Shares) -> Split:
    """Return the earliest rows to fit on, the next to select by, the last to judge on.

    `at` is (n,) instants. Rows of one instant stay together, so parts never share an instant.
    """
    if len(at) == 0:
        raise _none()
    order = np.sort(at)
    first = order[_place(shares.fit, len(at))]
    share = shares.fit + shares.select
    if share >= 1.0:
        return _checked(at < first, at >= first, np.zeros(len(at), dtype=bool))
    second = order[_place(share, len(at))]
    return _checked(at < first, (at >= first) & (at < second), at >= second)


def split_at_random(count: int, *, shares: Shares, rng: np.random.Generator) -> Split:
    """Return parts of shuffled rows, for data that says nothing of time."""
    if count == 0:
        raise _none()
    order = rng.permutation(count)
    part = np.empty(count, dtype=np.intp)
    fit, select = round(shares.fit * count), round((shares.fit + shares.select) * count)
    part[order[:fit]], part[order[fit:select]], part[order[select:]] = 0, 1, 2
    return _checked(part == 0, part == 1, part == 2)


def _place(share: float, count: int) -> int:
    return min(int(share * count), count - 1)


def _checked(fit: NDArray[np.bool_], select: NDArray[np.bool_], judge: NDArray[np.bool_]) -> Split:
    if not fit.any() or not select.any():
        raise TooFewRowsError(
            f"{len(fit)} labelled rows cannot be split into parts to fit and to select by.",
            fix="Give more contacts, or contacts from more than two instants.",
        )
    return Split(np.flatnonzero(fit), np.flatnonzero(select), np.flatnonzero(judge))


def _none() -> TooFewRowsError:
    return TooFewRowsError(
        "There is no labelled row.",
        fix="Training needs contacts that reached an agent and whose answer window is over.",
    )
