"""Calibration: a score that says too much is brought back, its order kept."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration import choose_calibration, isotonic_calibration
from models.candidates.contract import losses
from models.judging.calibration_error import expected_calibration_error
from models.judging.measures import auc
from models.link import sigmoid
from models.scorers import calibrated
from models.signals import Task


def overconfident(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.normal(size=count) - 1
    label = (rng.random(count) < 1 / (1 + np.exp(-true))).astype(np.float64)
    return 3 * true + 1, label


def test_calibration_improves_a_miscalibrated_score() -> None:
    score, label = overconfident(3000, seed=1)
    form, _ = choose_calibration(
        score,
        label,
        weight=np.ones(3000),
        task=Task.PROBABILITY,
        rng=np.random.default_rng(0),
    )
    fresh, truth = overconfident(3000, seed=2)
    before, after = sigmoid(fresh), calibrated(fresh, form, task=Task.PROBABILITY)
    assert expected_calibration_error(truth, after) < 0.3 * expected_calibration_error(
        truth, before
    )
    loss = losses(truth, after, task=Task.PROBABILITY).mean()
    assert loss < losses(truth, before, task=Task.PROBABILITY).mean()


def test_a_calibrated_score_is_left_alone() -> None:
    rng = np.random.default_rng(3)
    score = rng.normal(size=4000)
    label = (rng.random(4000) < 1 / (1 + np.exp(-score))).astype(np.float64)
    form, _ = choose_calibration(score, label, weight=np.ones(4000), task=Task.PROBABILITY, rng=rng)
    assert form.method == "none"


def test_isotonic_calibration_keeps_the_order_also_beyond_its_ends() -> None:
    score, label = overconfident(3000, seed=4)
    form = isotonic_calibration(score, label, np.ones(3000))
    wide = np.linspace(score.min() - 5, score.max() + 5, 500)
    found = calibrated(wide, form, task=Task.PROBABILITY)
    assert (np.diff(found) >= 0).all()
    assert found[0] < found[20] < found[-20] < found[-1]
    after = calibrated(score, form, task=Task.PROBABILITY)
    assert auc(label, after) == pytest.approx(auc(label, score), abs=0.005)


def test_a_leap_between_two_near_scores_is_stretched_to_the_next() -> None:
    score = np.repeat([-1.0, 0.0, 0.001, 1.0], 500)
    label = (np.tile(np.arange(500), 4) < np.repeat([50, 100, 350, 400], 500)).astype(np.float64)
    knots = np.array(isotonic_calibration(score, label, np.ones(2000)).knots)
    assert knots[:, 0].tolist() == [-1.0, 0.0, 1.0]
    assert (np.diff(knots[:, 1]) / np.diff(knots[:, 0])).max() < 1
