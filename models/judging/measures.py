"""How good predictions are, on rows that took no part in making them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.judging import influence
from models.judging.calibration_error import (
    calibration_error,
    equal_bins,
    expected_calibration_error,
)
from models.judging.influence import Estimate
from models.judging.intervals import Scale, interval_of
from models.signals import Task

Scores = NDArray[np.float64]

# On which scale each measure's interval is symmetric.
_SCALES = {
    "auc": Scale.LOG_ODDS,
    "average_precision": Scale.LOG_ODDS,
    "brier": Scale.LOG,
    "log_loss": Scale.LOG,
    "rmse": Scale.LOG,
    "lift_at_10": Scale.LOG,
    "lift_at_30": Scale.LOG,
    "lift_at_70": Scale.LOG,
}
_CURVE_POINTS = 101


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of one candidate; None where a figure has no meaning for the rows.

    `ece` is the expected calibration error over ten bins of equally many rows. `lift_at_10` is
    the positives' share among the best-scored tenth, over their share in all.
    `money_by_decile` is the mean label of each tenth, best-scored first.
    """

    n: int
    positives: int
    mean_label: float
    mean_prediction: float
    auc: float | None = None
    average_precision: float | None = None
    log_loss: float | None = None
    brier: float | None = None
    ece: float | None = None
    lift_at_10: float | None = None
    lift_at_30: float | None = None
    lift_at_70: float | None = None
    rmse: float | None = None
    money_by_decile: tuple[float, ...] | None = None
    # The expected calibration error that true probabilities would have had on as many rows.
    ece_chance: float | None = None
    # The 95 % interval of each measure that was asked for one.
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Curves:
    """The points of the plots.

    `roc`: (false, true positive rate). `calibration`: (mean predicted, observed share, rows).
    `lift`: (share of the rows called, lift).
    """

    roc: tuple[tuple[float, float], ...]
    calibration: tuple[tuple[float, float, int], ...]
    lift: tuple[tuple[float, float], ...]


def judge(
    label: Scores,
    predicted: Scores,
    *,
    task: Task,
    cluster: NDArray[Any] | None = None,
    intervals: bool = False,
) -> Metrics:
    """Return the metrics of (n,) predictions; there must be a row.

    With `intervals` each measure has its own; `cluster` tells whose row each is.
    """
    found = _estimates(label, predicted, task=task)
    ends = {
        name: _ends(estimate, cluster=cluster, scale=_SCALES[name])
        for name, estimate in found.items()
        if intervals
    }
    calibration: dict[str, float] = {}
    if task is Task.PROBABILITY:
        calibration["ece"] = expected_calibration_error(label, predicted)
        if intervals:
            error = calibration_error(label, predicted, cluster=cluster)
            calibration["ece_chance"] = error.chance
            ends["ece"] = (error.low, error.high)
    return Metrics(
        n=len(label),
        positives=int((label > 0).sum()),
        mean_label=float(label.mean()),
        mean_prediction=float(predicted.mean()),
        money_by_decile=_by_decile(label, predicted) if task is Task.AMOUNT else None,
        intervals=ends,
        **{name: estimate.value for name, estimate in found.items()},
        **calibration,
    )


def _estimates(label: Scores, predicted: Scores, *, task: Task) -> dict[str, Estimate]:
    """Return each measure that has a meaning for the rows."""
    if task is Task.AMOUNT:
        return {"rmse": influence.rmse(label, predicted)}
    found = {
        "log_loss": influence.mean_loss(label, predicted, task=task),
        "brier": influence.brier(label, predicted),
    }
    if 0 < label.sum() < len(label):
        found["auc"] = influence.auc(label, predicted)
        found["average_precision"] = influence.average_precision(label, predicted)
        for percent in (10, 30, 70):
            found[f"lift_at_{percent}"] = influence.lift(label, predicted, top=percent / 100)
    return found


def _ends(estimate: Estimate, *, cluster: NDArray[Any] | None, scale: Scale) -> tuple[float, float]:
    found = interval_of(estimate, cluster=cluster, scale=scale)
    return found.low, found.high


def curves(label: Scores, predicted: Scores) -> Curves:
    """Return the points of the ROC, calibration and lift plots of probabilities."""
    order = np.argsort(-predicted, kind="stable")
    hits = np.concatenate([[0.0], np.cumsum(label[order])])
    misses = np.concatenate([[0.0], np.cumsum(1 - label[order])])
    places = np.linspace(0, len(label), min(_CURVE_POINTS, len(label) + 1)).astype(np.intp)
    roc = [
        (float(misses[at] / max(misses[-1], 1)), float(hits[at] / max(hits[-1], 1)))
        for at in places
    ]
    rate = max(float(label.mean()), 1e-12)
    lift = [(float(at / len(label)), float(hits[at] / at / rate)) for at in places if at > 0]
    bins = [
        (float(predicted[rows].mean()), float(label[rows].mean()), len(rows))
        for rows in equal_bins(predicted)
    ]
    return Curves(tuple(roc), tuple(bins), tuple(lift))


def auc(label: Scores, predicted: Scores) -> float:
    """Return the share of (positive, negative) pairs that are in order; ties count half."""
    return influence.auc(label, predicted).value


def _by_decile(label: Scores, predicted: Scores) -> tuple[float, ...]:
    return tuple(float(label[rows].mean()) for rows in reversed(equal_bins(predicted)))
