"""Predicted against observed effects: by tenth, and as a line whose slope should be one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.calibration_error import equal_bins
from models.judging.influence import Estimate, within
from models.judging.intervals import Interval, interval_of
from models.uplift.effects import LogError, clustered_error

Numbers = NDArray[np.float64]

# The mean distance of a normal number of spread one from its mean.
_MEAN_DISTANCE = float(np.sqrt(2.0 / np.pi))


@dataclass(frozen=True, slots=True)
class EffectTenth:
    """One tenth of the contacts, highest predicted effect first, in the outcome's unit."""

    tenth: int
    contacts: int
    predicted: float
    observed: Interval


@dataclass(frozen=True, slots=True)
class EffectCalibration:
    """How far predicted effects can be taken at their word.

    `slope` and `intercept` are of the line observed = intercept + slope * predicted: 1 and 0 when
    they can. A slope below 1 says that the predictions are spread too far, 0 that they order
    nothing. `error` is the mean distance of predicted from observed over the tenths, `chance` what
    true effects have on such rows, on average: an error near it is no evidence against them.
    """

    slope: Interval
    intercept: Interval
    error: float
    chance: float
    tenths: tuple[EffectTenth, ...]


def effect_calibration(
    predicted: Numbers, *, scores: Numbers, customer: NDArray[np.int64]
) -> EffectCalibration:
    """Return how (n,) predicted effects of one offer compare with what the log says.

    `scores` (n,) are effect scores of the same contacts (models.uplift.doubly_robust), NaN where
    the offer and nothing cannot be compared: these contacts are left out. Predictions must come
    from fits without the contact. Raises LogError when fewer than two contacts are left.
    """
    known = ~np.isnan(scores)
    if int(known.sum()) < 2:
        raise LogError(
            f"{int(known.sum())} contacts of {len(scores)} can be compared.",
            fix="Log contacts that could have been given the offer or nothing.",
        )
    predicted, scores, customer = predicted[known], scores[known], customer[known]
    tenths, errors = _tenths(predicted, scores, customer)
    size = np.array([each.contacts for each in tenths]) / len(predicted)
    distance = np.array([abs(each.predicted - each.observed.value) for each in tenths])
    slope, intercept = _line(predicted, scores, customer)
    return EffectCalibration(
        slope,
        intercept,
        float(size @ distance),
        float(size @ errors) * _MEAN_DISTANCE,
        tenths,
    )


def _tenths(
    predicted: Numbers, scores: Numbers, customer: NDArray[np.int64]
) -> tuple[tuple[EffectTenth, ...], Numbers]:
    """Return the tenths, and the standard error of what each observes."""
    found, errors = [], []
    for place, rows in enumerate(reversed(equal_bins(predicted))):
        inside = within(scores, rows)
        observed = interval_of(inside, cluster=customer, method="doubly robust")
        found.append(EffectTenth(place + 1, len(rows), float(predicted[rows].mean()), observed))
        errors.append(clustered_error(inside.influence[rows], customer=customer[rows]))
    return tuple(found), np.array(errors)


def _line(
    predicted: Numbers, scores: Numbers, customer: NDArray[np.int64]
) -> tuple[Interval, Interval]:
    """Return slope and intercept by least squares, with errors clustered by customer."""
    centred = predicted - predicted.mean()
    spread = float(centred @ centred)
    if spread <= 0:
        flat = Interval(0.0, -np.inf, np.inf, "no spread")
        level = Estimate(float(scores.mean()), (scores - scores.mean()) / len(scores))
        return flat, interval_of(level, cluster=customer, method="least squares")
    slope = float(centred @ scores) / spread
    left = scores - scores.mean() - slope * centred
    by_row = left * centred / spread
    start = float(scores.mean() - slope * predicted.mean())
    moved = left / len(scores) - predicted.mean() * by_row
    return (
        interval_of(Estimate(slope, by_row), cluster=customer, method="least squares"),
        interval_of(Estimate(start, moved), cluster=customer, method="least squares"),
    )
