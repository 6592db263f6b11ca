"""A calibration error is read beside what chance alone gives on as many rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from models.judging.calibration_error import calibration_error, expected_calibration_error

Scores = NDArray[np.float64]


def outcomes(rng: np.random.Generator, chance: Scores) -> Scores:
    return (rng.random(len(chance)) < chance).astype(np.float64)


def test_true_probabilities_stay_below_what_chance_gives_in_99_of_100_samples() -> None:
    rng, below = np.random.default_rng(1), 0
    for _ in range(200):
        chance = rng.beta(1, 8, 700)
        found = calibration_error(outcomes(rng, chance), chance)
        below += found.value <= found.chance_high
    assert below / 200 >= 0.96


def test_chance_alone_is_larger_with_fewer_rows() -> None:
    rng = np.random.default_rng(2)
    errors = []
    for count in (500, 50_000):
        chance = rng.beta(1, 8, count)
        errors.append(calibration_error(outcomes(rng, chance), chance).chance)
    assert errors[0] == pytest.approx(10 * errors[1], rel=0.2)


def test_doubled_probabilities_are_told_from_chance() -> None:
    rng = np.random.default_rng(3)
    chance = rng.beta(1, 8, 4000)
    found = calibration_error(outcomes(rng, chance), np.minimum(2 * chance, 1.0))
    assert found.low > found.chance_high
    assert found.low <= found.value <= found.high


def test_the_interval_holds_the_error_of_many_rows() -> None:
    rng, held = np.random.default_rng(4), 0
    crooked = rng.beta(1, 8, 400_000)
    truth = expected_calibration_error(outcomes(rng, 0.7 * crooked), crooked)
    for _ in range(200):
        predicted = rng.beta(1, 8, 3000)
        found = calibration_error(outcomes(rng, 0.7 * predicted), predicted)
        held += found.low <= truth <= found.high
    assert held / 200 >= 0.90


def test_the_same_rows_give_the_same_interval() -> None:
    rng = np.random.default_rng(5)
    chance = rng.beta(1, 8, 300)
    label = outcomes(rng, chance)
    assert calibration_error(label, chance) == calibration_error(label, chance)
