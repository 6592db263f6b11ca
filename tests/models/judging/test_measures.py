"""The metrics against scikit-learn, and where a figure has no meaning."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from models.judging.measures import curves, judge
from models.signals import Task


def drawn(count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    probability = np.round(rng.beta(1, 4, count), 3)
    return (rng.random(count) < probability).astype(np.float64), probability


def test_metrics_equal_scikit_learns() -> None:
    label, probability = drawn()
    found = judge(label, probability, task=Task.PROBABILITY)
    assert found.auc == pytest.approx(roc_auc_score(label, probability))
    assert found.brier == pytest.approx(brier_score_loss(label, probability))
    assert found.log_loss == pytest.approx(log_loss(label, probability), rel=1e-3)
    assert found.average_precision == pytest.approx(
        average_precision_score(label, probability), abs=0.01
    )


def test_true_probabilities_have_a_small_calibration_error() -> None:
    found = judge(*drawn(20000), task=Task.PROBABILITY)
    assert found.ece is not None
    assert found.ece < 0.01


def test_one_class_alone_has_no_auc() -> None:
    found = judge(np.zeros(50), np.full(50, 0.1), task=Task.PROBABILITY)
    assert found.auc is None
    assert found.lift_at_10 is None


def test_amounts_are_judged_in_money() -> None:
    amount = np.arange(100.0)
    found = judge(amount, amount + 3, task=Task.AMOUNT)
    assert found.rmse == pytest.approx(3.0)
    assert found.money_by_decile is not None
    assert found.money_by_decile[0] == pytest.approx(94.5)
    assert found.auc is None


def test_curves_start_and_end_where_they_must() -> None:
    found = curves(*drawn())
    assert found.roc[0] == (0.0, 0.0)
    assert found.roc[-1] == (1.0, 1.0)
    assert found.lift[-1] == (1.0, pytest.approx(1.0))
    assert sum(rows for _, _, rows in found.calibration) == 2000
