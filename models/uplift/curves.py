"""The gain curve: what presenting an offer adds when only the most promising are chosen.

Definition. Order the eligible contacts by predicted uplift, highest first. At share s of them,
`gain(s) = s * (mean with the offer - mean without)` among the first s, both Hajek means, so the
gain is per contact of all, not per contact chosen. At s = 1 it is the plain effect of the offer;
the straight line to that point is a choice at random. (Gutierrez and Gerardy, Causal Inference and
Uplift Modelling, 2016, their cumulative gain; with all probabilities equal it orders models as the
Qini curve of Radcliffe, 2007, does.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.uplift.effects import (
    NORMAL_95,
    LogError,
    LoggedContacts,
    Numbers,
    clustered_error,
    influence,
)

# A curve splits its contacts many times: it needs more of each kind than one plain difference.
LEAST_CURVE_CONTACTS = 300
# Two means of fewer contacts than this jump so much that a drawn point would mislead.
LEAST_POINT_CONTACTS = 30


@dataclass(frozen=True, slots=True)
class GainCurve:
    """Points of the curve: `share` chosen in [0, 1], `gain` per contact of all, and 95 % band.

    `at_random` is the straight line. `area` is the mean height of the curve above that line, in
    the unit of the outcome: above 0 the order is worth something.
    """

    share: Numbers
    gain: Numbers
    low: Numbers
    high: Numbers
    at_random: Numbers
    area: float
    contacts: int


def gain_curve(
    outcome: Numbers, *, log: LoggedContacts, predicted: Numbers, points: int = 40
) -> GainCurve | None:
    """Return the gain curve of a prediction, or None where the log is too small to draw one.

    `outcome` and `predicted` hold one value per contact of `log`; rows with a NaN outcome are
    left out. The band is pointwise, from the clustered standard error. Ties keep the log's order.
    """
    if not len(outcome) == len(predicted) == len(log):
        raise LogError(
            f"{len(predicted)} predictions and {len(outcome)} outcomes for {len(log)} contacts.",
            fix="Give one of each per contact of the log.",
        )
    known = ~np.isnan(outcome)
    log, outcome, predicted = log.where(known), outcome[known], predicted[known]
    if min(log.presented.sum(), log.nothing.sum()) < LEAST_CURVE_CONTACTS:
        return None
    order = np.argsort(-predicted, kind="stable")
    shares, gains, errors = _walk(outcome[order], log=log.where(order), points=points)
    at_random = shares * gains[-1]
    reach = NORMAL_95 * errors
    area = float(np.trapezoid(gains - at_random, shares))
    return GainCurve(shares, gains, gains - reach, gains + reach, at_random, area, len(log))


def _walk(
    outcome: Numbers, *, log: LoggedContacts, points: int
) -> tuple[Numbers, Numbers, Numbers]:
    """Return shares, gains and their standard errors at evenly spaced shares, from (0, 0)."""
    count = len(log)
    shares, gains, errors = [0.0], [0.0], [0.0]
    for end in _ends(count, points=points):
        used = np.flatnonzero((log.presented | log.nothing)[:end])
        presented, nothing = log.presented[used], log.nothing[used]
        if min(presented.sum(), nothing.sum()) < LEAST_POINT_CONTACTS:
            continue
        mean_with, mean_without, pull = influence(
            outcome[used],
            presented=presented,
            nothing=nothing,
            probability=log.probability[used],
        )
        share = end / count
        shares.append(share)
        gains.append(share * (mean_with - mean_without))
        errors.append(share * clustered_error(pull, customer=log.customer[used]))
    return np.array(shares), np.array(gains), np.array(errors)


def _ends(count: int, *, points: int) -> NDArray[np.int64]:
    """Return the positions in the order at which the curve is measured; the last is the end."""
    return np.unique(np.linspace(0, count, points + 1).round().astype(np.int64)[1:])
