"""How well scores order customers who come at the same time, and which of several is enough.

Base rates move: with the season, the economy, the campaign. A column that only tells the date (an
interest rate, a running number) predicts that move on the rows that follow at once, and nothing
later. So settings and candidates are compared by their loss after a straight line in the score,
and a level of its own for each block of time, have been fitted to the held rows: what is left is
how well the score orders customers of the same block. The level itself is calibration's work.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression

from models.candidates.contract import Rows, losses
from models.signals import Task

Scores = NDArray[np.float64]

# A level of its own costs a block's rows one parameter: below this many it would follow noise.
_ROWS_PER_BLOCK = 200
_BLOCKS_AT_MOST = 10


def ordering_losses(score: Scores, held: Rows, *, task: Task, upright: bool = False) -> Scores:
    """Return the (n,) losses of scores on held rows, levels of time blocks taken out.

    The line along the score may fall; where it must be `upright`, a score that orders the wrong
    way round is worth no more than one that does not order.
    """
    spread = float(score.std())
    score = score / (spread if spread > 0 else 1.0)
    found, slope = _losses_along(score, held, task=task)
    if upright and slope < 0:
        found, _ = _losses_along(np.zeros(len(held)), held, task=task)
    return found


def _losses_along(score: Scores, held: Rows, *, task: Task) -> tuple[Scores, float]:
    """Return the losses of a line along the score with the blocks' levels, and its slope."""
    columns = np.column_stack([score, time_blocks(held.at)])
    if task is Task.AMOUNT:
        line = LinearRegression(fit_intercept=False).fit(columns, held.label, held.weight)
        predicted = np.asarray(line.predict(columns))
        return losses(held.label, predicted, task=task), float(line.coef_[0])
    if held.label.min() == held.label.max():
        return np.zeros(len(held)), 0.0
    curve = LogisticRegression(C=1e3, fit_intercept=False, max_iter=200)
    curve.fit(columns, held.label, held.weight)
    predicted = np.asarray(curve.predict_proba(columns)[:, 1])
    return losses(held.label, predicted, task=task), float(curve.coef_[0, 0])


def time_blocks(at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return (n, blocks) indicators of blocks of equally many rows that follow in time."""
    blocks = min(max(len(at) // _ROWS_PER_BLOCK, 1), _BLOCKS_AT_MOST)
    if len(at) == 0 or at.min() == at.max():
        blocks = 1
    rank = np.empty(len(at), dtype=np.intp)
    rank[np.argsort(at, kind="stable")] = np.arange(len(at))
    return np.asarray(np.eye(blocks)[rank * blocks // max(len(at), 1)])


def first_within_error(losses_of: Sequence[Scores], *, tolerance_errors: float = 1.0) -> int:
    """Return the first place whose mean loss is within so many standard errors of the least.

    Put the simplest first. The error is that of the mean difference to the best, row by row.
    """
    best = min(losses_of, key=lambda each: float(each.mean()))
    for place, each in enumerate(losses_of):
        behind = each - best
        error = float(behind.std()) / np.sqrt(len(behind))
        if float(behind.mean()) <= tolerance_errors * error:
            return place
    raise AssertionError("the best is within any error of itself")
