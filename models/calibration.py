"""Make a score mean what it says: score to probability, by a mapping chosen on held-out loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression

from models.candidates.contract import losses
from models.model_set import CalibrationForm
from models.ordering import first_within_error
from models.scorers import calibrated
from models.signals import Task
from models.splits import balanced_folds

Scores = NDArray[np.float64]
Knot = tuple[float, float]
Fitter = Callable[[Scores, Scores, Scores], CalibrationForm]

# An isotonic mapping has as many parameters as steps: below these counts it follows noise.
_ISOTONIC_ROWS = 1000
_ISOTONIC_POSITIVES = 200
_FOLDS = 5
# Probability per unit of log-odds. Steeper, the seventh digit of a score is seen in the answer, and
# float32 trees have no more; of 60 simulated curves of up to 200,000 rows two were (37 and 67).
_STEEPEST = 20.0


def choose_calibration(
    score: Scores, label: Scores, *, weight: Scores, task: Task, rng: np.random.Generator
) -> tuple[CalibrationForm, Scores]:
    """Return the best mapping, fitted on all the rows, and cross-fitted predictions of each row.

    Each mapping is fitted on four fifths and judged on the fifth left out; the simplest within
    one standard error of the least mean loss wins.
    """
    folds = balanced_folds(label, count=_FOLDS, task=task, rng=rng)
    fitters = _fitters(label, task)
    predicted = [
        _cross_fitted(fitter, score, label, weight, folds=folds, task=task) for fitter in fitters
    ]
    place = first_within_error([losses(label, each, task=task) for each in predicted])
    return fitters[place](score, label, weight), predicted[place]


def no_calibration(score: Scores, label: Scores, weight: Scores) -> CalibrationForm:
    """Return the mapping that takes the score at its word."""
    return CalibrationForm()


def sigmoid_calibration(score: Scores, label: Scores, weight: Scores) -> CalibrationForm:
    """Return the straight line in log-odds that fits best (Platt, on log-odds)."""
    if label.min() == label.max():
        return CalibrationForm()
    line = LogisticRegression(C=1e4).fit(score[:, None], label, weight)
    return CalibrationForm("sigmoid", float(line.coef_[0, 0]), float(line.intercept_[0]))


def isotonic_calibration(score: Scores, label: Scores, weight: Scores) -> CalibrationForm:
    """Return the best rising mapping, its steps joined at their middles by straight lines.

    Joined at the middles it has no flat stretch, so it keeps the order of the scores (plain steps
    cost bank_marketing a tenth of AUC after a drift). Its values keep half a row's distance from
    0 and 1: nothing is ever impossible or certain. A step too steep to be believed is stretched to
    the next knot that is further off.
    """
    edge = 0.5 / len(score)
    steps = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    level = np.asarray(steps.fit(score, label, weight).predict(score))
    values, place = np.unique(level, return_inverse=True)
    total = np.bincount(place, weights=weight)
    middles = np.bincount(place, weights=weight * score) / total
    knots = _not_too_steep(list(zip(middles.tolist(), values.tolist(), strict=True)))
    if len(knots) < 2:
        return sigmoid_calibration(score, label, weight)
    return CalibrationForm("isotonic", knots=tuple(knots))


def _not_too_steep(knots: list[Knot]) -> list[Knot]:
    """Return the first and the last knot, and of the others those that are not too near."""
    kept = knots[:1]
    for knot in knots[1:]:
        if _rises(kept[-1], knot) <= _STEEPEST:
            kept.append(knot)
    if kept[-1] != knots[-1]:
        while len(kept) > 1 and _rises(kept[-1], knots[-1]) > _STEEPEST:
            kept.pop()
        kept.append(knots[-1])
    return kept


def _rises(lower: Knot, upper: Knot) -> float:
    return (upper[1] - lower[1]) / (upper[0] - lower[0])


def scaled_calibration(score: Scores, label: Scores, weight: Scores) -> CalibrationForm:
    """Return the straight line that fits an amount best."""
    line = LinearRegression(positive=True).fit(score[:, None], label, weight)
    return CalibrationForm("scaled", float(line.coef_[0]), float(line.intercept_))


def _fitters(label: Scores, task: Task) -> tuple[Fitter, ...]:
    if task is Task.AMOUNT:
        return no_calibration, scaled_calibration
    positives = min(label.sum(), len(label) - label.sum())
    if len(label) >= _ISOTONIC_ROWS and positives >= _ISOTONIC_POSITIVES:
        return no_calibration, sigmoid_calibration, isotonic_calibration
    return no_calibration, sigmoid_calibration


def _cross_fitted(
    fitter: Fitter,
    score: Scores,
    label: Scores,
    weight: Scores,
    *,
    folds: NDArray[np.intp],
    task: Task,
) -> Scores:
    predicted = calibrated(score, fitter(score, label, weight), task=task)
    for fold in range(_FOLDS):
        out, kept = folds == fold, folds != fold
        if not kept.any():
            kept = out
        form = fitter(score[kept], label[kept], weight[kept])
        predicted[out] = calibrated(score[out], form, task=task)
    return predicted
