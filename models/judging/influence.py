"""Each measure as a number and every row's influence on it: what all the intervals are made from.

A row's influence is how far the measure moves when that row weighs a little more (Hampel, The
influence curve and its role in robust estimation, 1974). Influences sum to zero, and the variance
of the measure is the sum of their squares: over rows, or over customers when a customer has several
rows. For the AUC this is DeLong's variance (DeLong, DeLong and Clarke-Pearson, 1988), and with
customers that of Obuchowski (Nonparametric analysis of clustered ROC curve data, 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import losses
from models.signals import Task

Scores = NDArray[np.float64]

# How many ranks around a threshold tell the rate there: this share of the rows on either side.
_NEIGHBOURS_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure: its value, and the (n,) influences of the rows on it."""

    value: float
    influence: Scores

    def minus(self, other: Estimate) -> Estimate:
        """Return the difference of two measures of the same rows."""
        return Estimate(self.value - other.value, self.influence - other.influence)


def mean(values: Scores, *, weight: Scores | None = None) -> Estimate:
    """Return the mean of (n,) values."""
    share = shares(len(values), weight)
    found = float(share @ values)
    return Estimate(found, share * (values - found))


def auc(label: Scores, predicted: Scores, *, weight: Scores | None = None) -> Estimate:
    """Return the share of (positive, negative) pairs that are in order; ties count half.

    There must be both. The influences are DeLong's structural components, by ranks: O(n log n)
    (Sun and Xu, Fast implementation of DeLong's algorithm, 2014).
    """
    share = shares(len(label), weight)
    positive = label > 0
    values, place = np.unique(predicted, return_inverse=True)
    held = [
        np.bincount(place, weights=np.where(chosen, share, 0.0), minlength=len(values))
        for chosen in (positive, ~positive)
    ]
    below = [np.cumsum(each) - 0.5 * each for each in held]
    total = [float(each.sum()) for each in held]
    # For a positive row: the negatives below it. For a negative row: the positives above it.
    in_order = np.where(
        positive, below[1][place] / total[1], (total[0] - below[0][place]) / total[0]
    )
    found = float(share[positive] @ in_order[positive] / total[0])
    own = np.where(positive, total[0], total[1])
    return Estimate(float(found), share * (in_order - found) / own)


def average_precision(
    label: Scores, predicted: Scores, *, weight: Scores | None = None
) -> Estimate:
    """Return the mean, over the positives, of the share of positives among all scored as high."""
    share = shares(len(label), weight)
    order = np.argsort(-predicted, kind="stable")
    hit, part = label[order], share[order]
    above, hits = np.cumsum(part), np.cumsum(part * hit)
    precision = hits / above
    rate = float(hits[-1])
    found = float((part * hit) @ precision / rate)
    # What a row does to the precision at every positive scored lower than it.
    lower = part * hit / above
    reach = np.cumsum(lower[::-1])[::-1]
    drag = np.cumsum((lower * precision)[::-1])[::-1]
    moved = hit * (precision - found) + hit * reach - drag
    influence = np.empty(len(label))
    influence[order] = part * moved / rate
    return Estimate(float(found), influence)


def lift(label: Scores, predicted: Scores, *, top: float, weight: Scores | None = None) -> Estimate:
    """Return the positives' share among the best-scored `top` of the rows, over that in all.

    The threshold is itself estimated: moving it by one row moves the hits by the rate there.
    """
    share = shares(len(label), weight)
    order = np.argsort(-predicted, kind="stable")
    count = min(max(round(top * len(label)), 1), len(label))
    chosen = np.zeros(len(label))
    chosen[order[:count]] = 1.0
    rate = float(share @ label)
    taken = float(share @ chosen)
    capture = float(share @ (chosen * label)) / rate
    reach = max(round(_NEIGHBOURS_SHARE * len(label)), 1)
    near = order[max(count - reach, 0) : count + reach]
    there = float(share[near] @ label[near] / share[near].sum())
    moved = label * (chosen - capture) - there * (chosen - taken)
    return Estimate(float(capture / taken), share * moved / (rate * taken))


def mean_loss(
    label: Scores, predicted: Scores, *, task: Task, weight: Scores | None = None
) -> Estimate:
    """Return the mean log loss of probabilities, or the mean squared error of amounts."""
    return mean(losses(label, predicted, task=task), weight=weight)


def brier(label: Scores, predicted: Scores, *, weight: Scores | None = None) -> Estimate:
    """Return the mean squared distance of probabilities from what happened (Brier, 1950)."""
    return mean((label - predicted) ** 2, weight=weight)


def rmse(label: Scores, predicted: Scores, *, weight: Scores | None = None) -> Estimate:
    """Return the root of the mean squared error, in the label's unit."""
    square = mean((label - predicted) ** 2, weight=weight)
    root = float(np.sqrt(square.value))
    return Estimate(root, square.influence / (2 * root) if root > 0 else square.influence)


def within(values: Scores, rows: NDArray[np.intp], *, weight: Scores | None = None) -> Estimate:
    """Return the mean of the values of some of the rows; the other rows have no influence."""
    share = shares(len(values), weight)
    total = float(share[rows].sum())
    found = float(share[rows] @ values[rows] / total)
    influence = np.zeros(len(values))
    influence[rows] = share[rows] * (values[rows] - found) / total
    return Estimate(float(found), influence)


def shares(count: int, weight: Scores | None) -> Scores:
    """Return each row's share of all the weight."""
    return np.full(count, 1.0 / count) if weight is None else weight / weight.sum()
