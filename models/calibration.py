"""Make a score mean what it says: score to probability, by a mapping chosen on held-out loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression

from models.candidates.contract import losses
from models.compiled import calibrated
from models.model_set import CalibrationForm
from models.signals import Task

Scores = NDArray[np.float64]
Fitter = Callable[[Scores, Scores, Scores], CalibrationForm]

# An isotonic mapping has as many parameters as steps: below these counts it follows noise.
_ISOTONIC_ROWS = 1000
_ISOTONIC_POSITIVES = 200
_FOLDS = 5


def choose_calibration(
    score: Scores, label: Scores, *, weight: Scores, task: Task, rng: np.random.Generator
) -> tuple[CalibrationForm, Scores]:
    """Return the best mapping, fitted on all the rows, and cross-fitted predictions of each row.

    Each mapping is fitted on four fifths and judged on the fifth left out; the least mean loss
    wins, the simpler one when equal.
    """
    folds = rng.integers(0, _FOLDS, len(score))
    best: tuple[float, Fitter, Scores] | None = None
    for fitter in _fitters(label, task):
        predicted = _cross_fitted(fitter, score, label, weight, folds=folds, task=task)
        loss = float(np.average(losses(label, predicted, task=task), weights=weight))
        if best is None or loss < best[0] - 1e-9:
            best = loss, fitter, predicted
    assert best is not None
    return best[1](score, label, weight), best[2]


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
    """Return the best rising mapping, as knots joined by straight lines.

    Its values keep half a row's distance from 0 and 1: nothing is ever impossible or certain.
    """
    edge = 0.5 / len(score)
    steps = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    steps.fit(score, label, weight)
    knots = zip(steps.X_thresholds_.tolist(), steps.y_thresholds_.tolist(), strict=True)
    return CalibrationForm("isotonic", knots=tuple(knots))


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
    predicted = np.empty(len(score))
    for fold in range(_FOLDS):
        out, kept = folds == fold, folds != fold
        if not kept.any():
            kept = out
        form = fitter(score[kept], label[kept], weight[kept])
        predicted[out] = calibrated(score[out], form, task=task)
    return predicted
