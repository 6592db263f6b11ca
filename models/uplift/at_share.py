"""Uplift at a share: what the offer adds among the contacts ranked first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.judging.influence import Estimate
from models.judging.intervals import Interval, interval_of
from models.uplift.effects import LogError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


def uplift_at(
    outcome: Numbers,
    *,
    presented: Flags,
    score: Numbers,
    share: float,
    customer: NDArray[np.int64],
) -> Interval:
    """Return the mean with the offer less the mean without, among the first `share` by score.

    The number is `uplift_at_k` of scikit-uplift 0.5.1 with strategy "overall" (the contacts taken
    are the whole part of share times all; ties as it orders them). The interval counts customers
    and takes those chosen as given. For logs in which every contact had the same chance of the
    offer. Raises LogError when the share is outside (0, 1], or the first hold only one kind.
    """
    if not 0 < share <= 1:
        raise LogError(f"A share of {share:g} is none.", fix="Give one above 0, at most 1.")
    first = np.argsort(score, kind="stable")[::-1][: int(len(score) * share)]
    given = presented[first]
    if not (given.any() and (~given).any()):
        raise LogError(
            f"Among the first {len(first)} contacts there is nothing to compare.",
            fix="Take a greater share.",
        )
    pull = np.zeros(len(outcome))
    means = []
    for sign, rows in ((1.0, first[given]), (-1.0, first[~given])):
        means.append(sign * float(outcome[rows].mean()))
        pull[rows] = sign * (outcome[rows] - outcome[rows].mean()) / len(rows)
    return interval_of(Estimate(sum(means), pull), cluster=customer, method="difference of means")
