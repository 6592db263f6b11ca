from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from models.uplift.effect_deciles import effect_calibration
from models.uplift.effects import LogError


def scores_of(effect: np.ndarray, *, seed: int, noise: float = 1.0) -> np.ndarray:
    return effect + noise * np.random.default_rng(seed).normal(size=len(effect))


def test_true_effects_have_slope_one_and_an_error_of_chance_alone() -> None:
    effect = np.random.default_rng(1).normal(size=20_000)
    found = effect_calibration(effect, scores=scores_of(effect, seed=2), customer=np.arange(20_000))
    assert found.slope.low <= 1.0 <= found.slope.high
    assert found.intercept.low <= 0.0 <= found.intercept.high
    assert found.error < 2 * found.chance


def test_effects_spread_too_far_have_a_slope_below_one() -> None:
    effect = np.random.default_rng(3).normal(size=20_000)
    found = effect_calibration(
        2 * effect + 1, scores=scores_of(effect, seed=4), customer=np.arange(20_000)
    )
    assert found.slope.value == pytest.approx(0.5, abs=0.03)
    assert found.intercept.value == pytest.approx(-0.5, abs=0.05)
    assert found.error > 5 * found.chance


def test_tenths_go_from_the_highest_predictions_to_the_lowest() -> None:
    effect = np.random.default_rng(5).normal(size=5000)
    tenths = effect_calibration(
        effect, scores=scores_of(effect, seed=6), customer=np.arange(5000)
    ).tenths
    assert [each.tenth for each in tenths] == list(range(1, 11))
    assert sum(each.contacts for each in tenths) == 5000
    assert all(a.predicted > b.predicted for a, b in pairwise(tenths))
    held = [each.observed.low <= each.predicted <= each.observed.high for each in tenths]
    assert sum(held) >= 8


def test_the_interval_of_the_slope_holds_it_in_95_of_100_samples() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        effect = np.repeat(rng.normal(size=200), 2)
        scores = 0.7 * effect + np.repeat(rng.normal(size=200), 2) + rng.normal(size=400)
        slope = effect_calibration(
            effect, scores=scores, customer=np.repeat(np.arange(200), 2)
        ).slope
        held += slope.low <= 0.7 <= slope.high
    # Three standard errors of a share of 0.95 in 300 trials are 0.038.
    assert 0.912 <= held / 300 <= 0.988


def test_contacts_that_cannot_be_compared_do_not_count() -> None:
    effect = np.random.default_rng(8).normal(size=1000)
    scores = scores_of(effect, seed=9)
    scores[::2] = np.nan
    found = effect_calibration(effect, scores=scores, customer=np.arange(1000))
    alone = effect_calibration(effect[1::2], scores=scores[1::2], customer=np.arange(500))
    assert found == alone
    with pytest.raises(LogError, match="0 contacts of 1000"):
        effect_calibration(effect, scores=np.full(1000, np.nan), customer=np.arange(1000))


def test_one_number_for_all_tells_no_slope() -> None:
    found = effect_calibration(np.ones(100), scores=np.arange(100.0), customer=np.arange(100))
    assert np.isinf(found.slope.high)
