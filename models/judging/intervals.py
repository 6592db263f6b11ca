"""Intervals of 95 % for measures and for differences of measures, from the rows' influences.

Rows of one customer are not independent: with `cluster` their influences are added up first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.judging import influence
from models.judging.influence import Estimate
from models.signals import Task

Scores = NDArray[np.float64]

LEVEL = 0.95
# A share this close to 0 or 1 has no finite log-odds.
_EDGE = 1e-9
# A log beyond this says nothing but "very far", and its power still is a number.
_FURTHEST = 500.0


class Scale(StrEnum):
    """On which scale an interval is symmetric: it then stays within what the measure can be."""

    PLAIN = "plain"
    LOG = "log"  # above 0
    LOG_ODDS = "log-odds"  # between 0 and 1
    # Hall's correction for skewness, for means of money: a few large sales make the mean's
    # distribution lean (Hall, On the removal of skewness by transformation, 1992).
    SKEWED = "skewed"


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with the interval that holds the true one in 95 of 100 samples."""

    value: float
    low: float
    high: float
    method: str

    @property
    def excludes_zero(self) -> bool:
        """Whether the sign is known."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Difference:
    """A paired difference (the first minus the second) on the same rows, with its p-value."""

    value: float
    low: float
    high: float
    p: float
    method: str


def interval_of(
    estimate: Estimate,
    *,
    cluster: NDArray[Any] | None = None,
    scale: Scale = Scale.PLAIN,
    method: str = "linearised",
) -> Interval:
    """Return the interval of a measure whose rows have these influences.

    `cluster` is (n,) customer of each row, any values; None when every row stands alone.
    """
    moved = _summed(estimate.influence, cluster)
    error, reach = _error(moved), _quantile(moved)
    value = estimate.value
    said = f"{method}, {scale}" + ("" if cluster is None else ", by customer")
    if error <= 0.0:
        return Interval(value, value, value, said)
    match scale:
        case Scale.PLAIN:
            low, high = value - reach * error, value + reach * error
        case Scale.LOG:
            factor = math.exp(min(reach * error / max(value, _EDGE), _FURTHEST))
            low, high = value / factor, value * factor
        case Scale.LOG_ODDS:
            low, high = _log_odds_ends(value, reach * error)
        case Scale.SKEWED:
            low, high = _skewed_ends(value, moved, error, reach)
    return Interval(value, float(low), float(high), said)


def difference_of(
    first: Estimate, second: Estimate, *, cluster: NDArray[Any] | None = None, method: str
) -> Difference:
    """Return first minus second with its interval; both are measures of the same rows."""
    both = first.minus(second)
    moved = _summed(both.influence, cluster)
    error, reach = _error(moved), _quantile(moved)
    said = method + ("" if cluster is None else ", by customer")
    if error <= 0.0:
        return Difference(both.value, both.value, both.value, float(both.value == 0.0), said)
    p = float(2 * stats.norm.sf(abs(both.value) / error))
    return Difference(both.value, both.value - reach * error, both.value + reach * error, p, said)


def auc_interval(
    label: Scores, predicted: Scores, *, cluster: NDArray[Any] | None = None
) -> Interval:
    """Return the AUC with DeLong's interval on log-odds; both outcomes must be there."""
    return interval_of(
        influence.auc(label, predicted), cluster=cluster, scale=Scale.LOG_ODDS, method="DeLong"
    )


def paired_auc(
    label: Scores, first: Scores, second: Scores, *, cluster: NDArray[Any] | None = None
) -> Difference:
    """Return the AUC of the first predictions minus that of the second (DeLong, paired)."""
    return difference_of(
        influence.auc(label, first),
        influence.auc(label, second),
        cluster=cluster,
        method="DeLong, paired",
    )


def paired_mean_loss(
    label: Scores,
    first: Scores,
    second: Scores,
    *,
    task: Task,
    cluster: NDArray[Any] | None = None,
) -> Difference:
    """Return the mean loss of the first predictions minus that of the second."""
    return difference_of(
        influence.mean_loss(label, first, task=task),
        influence.mean_loss(label, second, task=task),
        cluster=cluster,
        method="mean of paired losses",
    )


def bootstrap_interval(
    measure: Callable[[Scores], float],
    *,
    count: int,
    rng: np.random.Generator,
    cluster: NDArray[Any] | None = None,
    replicates: int = 200,
) -> Interval:
    """Return the percentile interval of `measure`, given (n,) weights of the rows.

    Each replicate weighs the customers (or rows) by Poisson draws of mean one. For measures
    without an influence; what a replicate adds on average is taken out.
    """
    place = np.arange(count) if cluster is None else np.unique(cluster, return_inverse=True)[1]
    groups = int(place.max()) + 1 if count else 0
    value = measure(np.ones(count))
    found = np.array(
        [measure(rng.poisson(1.0, groups).astype(np.float64)[place]) for _ in range(replicates)]
    )
    found = found[np.isfinite(found)] - (np.nanmean(found) - value)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(found, [tail, 100 - tail])
    return Interval(value, float(low), float(high), "bootstrap, less its bias")


def _summed(influences: Scores, cluster: NDArray[Any] | None) -> Scores:
    """Return the influence of each customer; rows without any influence count for nobody."""
    if cluster is None:
        return np.asarray(influences[influences != 0.0], dtype=np.float64)
    place = np.unique(cluster, return_inverse=True)[1]
    summed = np.asarray(np.bincount(place, weights=influences), dtype=np.float64)
    touched = np.bincount(place[influences != 0.0], minlength=len(summed)) > 0
    return np.asarray(summed[touched], dtype=np.float64)


def _error(moved: Scores) -> float:
    count = len(moved)
    return float(np.sqrt((moved**2).sum() * count / (count - 1))) if count > 1 else 0.0


def _quantile(moved: Scores) -> float:
    return float(stats.t.ppf(0.5 + LEVEL / 2, max(len(moved) - 1, 1)))


def _log_odds_ends(value: float, reach: float) -> tuple[float, float]:
    held = min(max(value, _EDGE), 1 - _EDGE)
    middle, spread = math.log(held / (1 - held)), reach / (held * (1 - held))
    ends = [
        1 / (1 + math.exp(-min(max(middle + by, -_FURTHEST), _FURTHEST)))
        for by in (-spread, spread)
    ]
    return ends[0], ends[1]


def _skewed_ends(value: float, moved: Scores, error: float, reach: float) -> tuple[float, float]:
    count = len(moved)
    spread = float(moved.std())
    skewness = float((moved**3).mean()) / spread**3 if spread > 0 else 0.0
    a = skewness / math.sqrt(count)
    if abs(a) < 1e-6:
        return value - reach * error, value + reach * error

    def undone(quantile: float) -> float:
        # The inverse of Hall's cubic, which makes the studentised mean nearly normal.
        return (3 / a) * (float(np.cbrt(1 + a * (quantile - a / 6))) - 1)

    return value - error * undone(reach), value - error * undone(-reach)
