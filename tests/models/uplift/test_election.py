from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings
from models.uplift.base import BaseSettings
from models.uplift.election import ElectionSettings, elect_learner, hold_out
from models.uplift.learners.contract import Name
from models.uplift.learners.doubly import Doubly
from models.uplift.learners.response import Response
from models.uplift.learners.two import Two
from models.uplift.presented import PresentedRows
from models.uplift.r_score import r_score
from tests.uplift_world import world

LINEAR = BaseSettings(
    candidate=CandidateSettings(penalties=(0.03,)), kinds=("linear",), effect_kinds=("ridge",)
)
SETTINGS = ElectionSettings(base=LINEAR, folds=3)
TWO = replace(SETTINGS, learners=(Response, Two))


def keen_buy_anyway(count: int, *, seed: int) -> PresentedRows:
    """Those who buy most with the offer would have bought without; the others are moved by it."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 3)).astype(np.float32)
    action = rng.integers(-1, 1, count)
    keen = matrix[:, 0] > 0
    chance = np.where(keen, 0.7, 0.1 + 0.3 * (action >= 0))
    return PresentedRows(
        matrix,
        action,
        np.full((count, 2), 0.5),
        np.ones((count, 1), dtype=np.bool_),
        (rng.random(count) < chance).astype(np.float64),
        np.arange(count),
        np.zeros(count, dtype=np.int64),
    )


def test_the_response_model_loses_where_the_keen_buy_anyway() -> None:
    rows = keen_buy_anyway(4000, seed=1)
    found = elect_learner(rows, rng=np.random.default_rng(0), settings=TWO, outcome="buying")
    assert found.name is Name.T
    assert found.learner is not None
    response = next(each for each in found.standings if each.name is Name.RESPONSE)
    assert response.advantage.high < 0
    assert not response.stands
    (calibration,) = found.calibration
    assert calibration is not None
    assert calibration.slope.low > 0
    assert found.found.startswith("The T-learner ranks buying better than chance: it adds ")


def test_the_simplest_wins_between_equals() -> None:
    rows = world(2500, seed=2).rows
    found = elect_learner(rows, rng=np.random.default_rng(0), settings=TWO)
    assert all(each.stands for each in found.standings)
    loose = replace(TWO, tolerance_errors=100.0)
    assert elect_learner(rows, rng=np.random.default_rng(0), settings=loose).name is Name.RESPONSE


def test_where_nothing_can_be_ranked_no_one_is_elected() -> None:
    rows = world(1500, seed=3, size=0.0).rows
    found = elect_learner(rows, rng=np.random.default_rng(0), settings=SETTINGS, outcome="spend")
    assert found.name is None
    assert found.learner is None
    assert found.calibration == ()
    assert found.average[0] is not None
    assert found.found.startswith("Nothing ranks spend better than chance")
    assert found.average[0].low < 0 < found.average[0].high


@pytest.mark.slow
def test_chance_elects_no_one_in_19_of_20_worlds() -> None:
    elected = 0
    for seed in range(100):
        rows = world(1000, seed=100 + seed, size=0.0).rows
        found = elect_learner(rows, rng=np.random.default_rng(0), settings=SETTINGS)
        elected += found.name is not None
    # At most 5 %; 12 or more of 100 happen in one of 200 such samples.
    assert elected < 12


def test_a_held_contact_has_no_say_in_its_own_effects() -> None:
    rows = world(900, seed=4).rows
    first = hold_out(rows, settings=SETTINGS, rng=np.random.default_rng(1))
    held = first.fold == 0
    turned = replace(rows, outcome=np.where(held, 1 - rows.outcome, rows.outcome))
    second = hold_out(turned, settings=SETTINGS, rng=np.random.default_rng(1))
    for name in first.effects:
        assert np.array_equal(first.effects[name][held], second.effects[name][held])
        assert not np.array_equal(first.effects[name][~held], second.effects[name][~held])
    assert np.array_equal(first.expected[held], second.expected[held])


def test_several_offers_are_elected_for_together() -> None:
    rows = world(2000, seed=5, offers=3, uneven=True, some_eligible=True).rows
    three = replace(SETTINGS, learners=(Response, Two, Doubly))
    found = elect_learner(rows, rng=np.random.default_rng(0), settings=three)
    assert found.learner is not None
    assert found.learner.effects(rows.matrix).shape == (2000, 3)
    assert len(found.average) == 3
    assert np.array_equal(np.isnan(found.held_out.scores), ~rows.eligible)


def test_the_same_seed_elects_the_same() -> None:
    rows = world(1500, seed=6).rows
    first, second = (
        elect_learner(rows, rng=np.random.default_rng(2), settings=TWO) for _ in range(2)
    )
    assert first.standings == second.standings


def test_the_r_score_prefers_true_effects() -> None:
    made = world(6000, seed=7)
    expected = np.column_stack([made.baseline, made.baseline[:, None] + made.effects])
    true = r_score(made.rows, expected=expected, effects=made.effects)
    wrong = r_score(made.rows, expected=expected, effects=-made.effects)
    level = np.full_like(made.effects, float(made.effects.mean()))
    flat = r_score(made.rows, expected=expected, effects=level)
    assert true > 0.02
    assert abs(flat) < 0.001
    assert wrong < flat
