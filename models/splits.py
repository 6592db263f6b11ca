"""The parts of labelled rows: fit, select and judge; by time, so that the past never knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import TooFewRowsError
from models.signals import Task


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


def balanced_folds(
    label: NDArray[np.float64], *, count: int, task: Task, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return (n,) folds 0 .. count - 1 at random, each outcome spread evenly over them.

    An outcome with too few rows to be in two folds is in none: its rows get fold -1, so that they
    are fitted on whichever fold is left out.
    """
    order = rng.permutation(len(label))
    fold = np.empty(len(label), dtype=np.intp)
    outcomes = (label > 0) if task is Task.PROBABILITY else np.zeros(len(label), dtype=bool)
    for outcome in (False, True):
        rows = order[outcomes[order] == outcome]
        fold[rows] = np.arange(len(rows)) % count if len(rows) > 1 else -1
    return fold


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
