from __future__ import annotations

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings
from models.uplift.base import BaseSettings
from models.uplift.doubly_robust import action_scores, effect_scores
from models.uplift.effects import LogError
from models.uplift.election import average_effects
from models.uplift.outcomes import cross_fit_outcomes, fit_outcomes
from tests.uplift_world import World, world

QUICK = BaseSettings(candidate=CandidateSettings(penalties=(0.03,)), kinds=("linear",))


def true_outcomes(made: World) -> np.ndarray:
    return np.column_stack([made.baseline, made.baseline[:, None] + made.effects])


@pytest.mark.parametrize("models", ["true", "wrong", "none"])
def test_whatever_the_models_say_the_mean_is_right_when_the_chances_are(models: str) -> None:
    made = world(20_000, seed=1, offers=2, uneven=True)
    expected = {
        "true": true_outcomes(made),
        "wrong": 1.0 - true_outcomes(made),
        "none": np.zeros((20_000, 3)),
    }[models]
    effects = average_effects(
        effect_scores(made.rows, expected=expected), customer=made.rows.customer
    )
    for found, true in zip(effects, made.effects.mean(axis=0), strict=True):
        assert found is not None
        assert abs(found.estimate - true) < 3.5 * found.standard_error < 0.1


def test_true_models_make_the_scores_quieter() -> None:
    made = world(5000, seed=2, money=True)
    with_models = effect_scores(made.rows, expected=true_outcomes(made))
    without = effect_scores(made.rows, expected=np.zeros((5000, 2)))
    assert with_models.std() < 0.8 * without.std()


def test_by_hand() -> None:
    rows = world(1, seed=3).rows
    assert rows.propensity[0].tolist() == pytest.approx([0.4, 0.6])
    scores = action_scores(rows, expected=np.array([[0.2, 0.5]]))
    place = rows.action[0] + 1
    expected = [0.2, 0.5]
    expected[place] += (rows.outcome[0] - expected[place]) / rows.propensity[0, place]
    assert scores[0].tolist() == pytest.approx(expected)


def test_what_cannot_be_compared_has_no_score() -> None:
    made = world(500, seed=4, offers=2, some_eligible=True)
    scores = effect_scores(made.rows, expected=true_outcomes(made))
    assert np.array_equal(np.isnan(scores), ~made.rows.eligible)


def test_expected_outcomes_come_near_to_the_true_ones() -> None:
    made = world(6000, seed=5, offers=2)
    models = fit_outcomes(made.rows, settings=QUICK, rng=np.random.default_rng(0))
    far = models.predict(made.rows.matrix) - true_outcomes(made)
    assert np.abs(far).mean() < 0.06


def test_a_customer_has_no_say_in_the_own_expected_outcome() -> None:
    rows = world(1200, seed=6).rows
    settings = BaseSettings(candidate=CandidateSettings(penalties=(0.03,), products=0))
    found = []
    for flip in (False, True):
        outcome = rows.outcome.copy()
        if flip:
            outcome[:2] = 1 - outcome[:2]
        given = type(rows)(
            rows.matrix,
            rows.action,
            rows.propensity,
            rows.eligible,
            outcome,
            rows.customer,
            rows.at,
        )
        fits = cross_fit_outcomes(given, settings=settings, rng=np.random.default_rng(1))
        found.append(fits.crossed)
    assert np.allclose(found[0][:2], found[1][:2])
    assert not np.allclose(found[0][2:], found[1][2:])


def test_a_log_in_which_everyone_got_an_offer_is_refused() -> None:
    rows = world(300, seed=7).rows
    given = rows.take(rows.action >= 0)
    with pytest.raises(LogError, match="no contact to compare with"):
        fit_outcomes(given, settings=QUICK, rng=np.random.default_rng(0))
