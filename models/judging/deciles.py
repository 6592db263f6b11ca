"""The tables that a person reads: gains, lift and money by tenth, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.judging import influence
from models.judging.calibration_error import equal_bins
from models.judging.intervals import Scale, interval_of
from models.signals import Task

Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tenth:
    """One tenth of the rows, the best-scored first: predicted against what happened.

    `realised` is a share, or mean money. `gain` is the part of all that happened (or of all the
    money) which this tenth and those before it hold, `lift` this tenth's mean over that of all.
    """

    tenth: int
    rows: int
    predicted: float
    realised: float
    low: float
    high: float
    lift: float | None
    gain: float | None


def by_tenth(
    label: Scores, predicted: Scores, *, task: Task, cluster: NDArray[Any] | None = None
) -> tuple[Tenth, ...]:
    """Return a row per tenth; the interval is that of what happens within the tenth.

    A share's interval is symmetric in log-odds, that of money has Hall's correction for skewness.
    """
    scale = Scale.SKEWED if task is Task.AMOUNT else Scale.LOG_ODDS
    whole, total = float(label.mean()), float(label.sum())
    found: list[Tenth] = []
    held = 0.0
    for place, rows in enumerate(reversed(equal_bins(predicted))):
        inside = interval_of(influence.within(label, rows), cluster=cluster, scale=scale)
        low, high = _ends(label, rows, inside.low, inside.high, task=task)
        held += float(label[rows].sum())
        found.append(
            Tenth(
                place + 1,
                len(rows),
                float(predicted[rows].mean()),
                inside.value,
                low,
                high,
                inside.value / whole if whole > 0 else None,
                held / total if total > 0 else None,
            )
        )
    return tuple(found)


def _ends(
    label: Scores, rows: NDArray[np.intp], low: float, high: float, *, task: Task
) -> tuple[float, float]:
    """Return the ends; where nothing (or everything) happened, the rule of three gives one."""
    if task is Task.AMOUNT or 0 < label[rows].sum() < len(rows):
        return low, high
    reach = min(3.7 / len(rows), 1.0)  # -log(0.025) / n: both tails, as everywhere
    return (0.0, reach) if label[rows].sum() == 0 else (1.0 - reach, 1.0)
