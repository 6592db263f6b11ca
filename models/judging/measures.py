"""How good predictions are, on rows that took no part in making them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import losses
from models.signals import Task

Scores = NDArray[np.float64]

_BINS = 10
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


@dataclass(frozen=True, slots=True)
class Curves:
    """The points of the plots.

    `roc`: (false, true positive rate). `calibration`: (mean predicted, observed share, rows).
    `lift`: (share of the rows called, lift).
    """

    roc: tuple[tuple[float, float], ...]
    calibration: tuple[tuple[float, float, int], ...]
    lift: tuple[tuple[float, float], ...]


def judge(label: Scores, predicted: Scores, *, task: Task) -> Metrics:
    """Return the metrics of (n,) predictions; there must be a row."""
    counted = {
        "n": len(label),
        "positives": int((label > 0).sum()),
        "mean_label": float(label.mean()),
        "mean_prediction": float(predicted.mean()),
    }
    if task is Task.AMOUNT:
        return Metrics(
            **counted,  # type: ignore[arg-type]
            rmse=float(np.sqrt(np.mean((label - predicted) ** 2))),
            money_by_decile=_by_decile(label, predicted),
        )
    both = 0 < label.sum() < len(label)
    return Metrics(
        **counted,  # type: ignore[arg-type]
        auc=auc(label, predicted) if both else None,
        average_precision=_average_precision(label, predicted) if both else None,
        log_loss=float(losses(label, predicted, task=task).mean()),
        brier=float(np.mean((label - predicted) ** 2)),
        ece=expected_calibration_error(label, predicted),
        lift_at_10=_lift(label, predicted, 0.1) if both else None,
        lift_at_30=_lift(label, predicted, 0.3) if both else None,
        lift_at_70=_lift(label, predicted, 0.7) if both else None,
    )


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
        for rows in _equal_bins(predicted)
    ]
    return Curves(tuple(roc), tuple(bins), tuple(lift))


def auc(label: Scores, predicted: Scores) -> float:
    """Return the share of (positive, negative) pairs that are in order; ties count half."""
    _values, place, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2
    positives = float(label.sum())
    negatives = len(label) - positives
    ranks = float(rank[place][label > 0].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def expected_calibration_error(label: Scores, predicted: Scores) -> float:
    """Return the mean distance of predicted from observed share, over ten equal-count bins."""
    return float(
        sum(
            abs(predicted[rows].mean() - label[rows].mean()) * len(rows)
            for rows in _equal_bins(predicted)
        )
        / len(label)
    )


def _equal_bins(predicted: Scores) -> list[NDArray[np.intp]]:
    order = np.argsort(predicted, kind="stable")
    return [rows for rows in np.array_split(order, _BINS) if len(rows)]


def _by_decile(label: Scores, predicted: Scores) -> tuple[float, ...]:
    return tuple(float(label[rows].mean()) for rows in reversed(_equal_bins(predicted)))


def _average_precision(label: Scores, predicted: Scores) -> float:
    order = np.argsort(-predicted, kind="stable")
    hits = label[order] > 0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def _lift(label: Scores, predicted: Scores, share: float) -> float:
    order = np.argsort(-predicted, kind="stable")[: max(1, round(share * len(label)))]
    return float(label[order].mean() / label.mean())
