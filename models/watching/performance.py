"""How good the champion's probabilities are on fresh contacts: estimated, then realised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.judging import influence
from models.judging.calibration_error import CalibrationError, calibration_error
from models.judging.influence import Estimate
from models.judging.intervals import Interval, Scale, interval_of

Floats = NDArray[np.float64]
# With fewer rows of either outcome nothing is said.
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Foretold:
    """Predictions of some contacts; `label` is None until it is ripe, `customer` whose they are."""

    predicted: Floats
    customer: NDArray[Any]
    label: Floats | None = None

    def __len__(self) -> int:
        return len(self.predicted)


@dataclass(frozen=True, slots=True)
class Change:
    """A measure before and now, each with its interval, and the p-value of their difference."""

    before: Interval
    now: Interval
    p: float

    @property
    def fall(self) -> float:
        """By how much the measure fell."""
        return self.before.value - self.now.value


@dataclass(frozen=True, slots=True)
class Performance:
    """One signal and profile on fresh contacts.

    `estimated` is the AUC that the probabilities promise (needs no label), `realised` the one that
    came; `error` is the calibration error of those labels, with their mean and what was predicted.
    """

    signal: str
    profile: str
    rows: int
    ripe: int
    estimated: Change | None = None
    realised: Change | None = None
    error: CalibrationError | None = None
    mean_predicted: float | None = None
    mean_label: float | None = None


def performance(
    signal: str, profile: str, *, before: Foretold, fresh: Foretold, ripe: Foretold
) -> Performance:
    """Return what can be said: `before` are judged contacts, `ripe` fresh ones with labels."""
    estimated = realised = error = None
    if min(len(before), len(fresh)) >= FEWEST:
        estimated = _change(estimated_auc(before), estimated_auc(fresh), before, fresh)
    if _tells(before) and _tells(ripe):
        assert before.label is not None
        assert ripe.label is not None
        realised = _change(
            influence.auc(before.label, before.predicted),
            influence.auc(ripe.label, ripe.predicted),
            before,
            ripe,
        )
        error = calibration_error(ripe.label, ripe.predicted, cluster=ripe.customer)
    if len(ripe) == 0 or ripe.label is None:
        return Performance(signal, profile, len(fresh), len(ripe), estimated)
    return Performance(
        signal,
        profile,
        len(fresh),
        len(ripe),
        estimated,
        realised,
        error,
        float(ripe.predicted.mean()),
        float(ripe.label.mean()),
    )


def estimated_auc(told: Foretold) -> Estimate:
    """Return the AUC that (n,) true probabilities would have: each row is p of a positive.

    Confidence-based performance estimation: right as long as the probabilities are, that is when
    who calls has changed and not what they do (Kivimäki and others, 2023). Influences are by row.
    """
    p = told.predicted
    twice = influence.auc(
        np.concatenate([np.ones(len(p)), np.zeros(len(p))]),
        np.concatenate([p, p]),
        weight=np.concatenate([p, 1 - p]),
    )
    first, second = np.split(twice.influence, 2)
    return Estimate(twice.value, first + second)


def _change(first: Estimate, second: Estimate, before: Foretold, now: Foretold) -> Change:
    ends = [
        interval_of(each, cluster=told.customer, scale=Scale.LOG_ODDS)
        for each, told in ((first, before), (second, now))
    ]
    error = math.hypot(_error(first, before), _error(second, now))
    apart = abs(first.value - second.value)
    p = float(2 * stats.norm.sf(apart / error)) if error > 0 else float(apart == 0)
    return Change(ends[0], ends[1], p)


def _error(estimate: Estimate, told: Foretold) -> float:
    plain = interval_of(estimate, cluster=told.customer)
    return float((plain.high - plain.low) / (2 * stats.norm.ppf(0.975)))


def _tells(told: Foretold) -> bool:
    if told.label is None:
        return False
    positives = float(told.label.sum())
    return min(positives, len(told) - positives) >= FEWEST
