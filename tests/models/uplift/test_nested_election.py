from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings
from models.uplift.base import BaseSettings
from models.uplift.learners.contract import Name
from models.uplift.learners.response import Response
from models.uplift.learners.two import Two
from models.uplift.nested_election import (
    NO_ONE,
    OWN,
    NestedElection,
    elect_effects,
    response_line,
)
from tests.uplift_world import World, world

SETTINGS = BaseSettings(
    candidate=CandidateSettings(rounds=(10,), penalties=(0.03,)), kinds=("linear",)
)


def elected(made: World, *, own: np.ndarray | None) -> NestedElection:
    half = len(made.rows) * 2 // 3
    late = np.arange(half, len(made.rows))
    return elect_effects(
        made.rows.take(np.arange(half)),
        made.rows.take(late),
        own=None if own is None else own[late],
        learners=(Response, Two),
        settings=SETTINGS,
        tolerance_errors=1.0,
        rng=np.random.default_rng(0),
    )


def test_the_sets_own_models_stay_where_they_know_the_effects() -> None:
    made = world(3000, seed=1, offers=2)
    found = elected(made, own=made.effects)
    assert found.name == OWN
    assert [each.name for each in found.standings] == [OWN, "response", "t"]


def test_a_learner_takes_the_place_of_models_that_order_backwards() -> None:
    made = world(3000, seed=1, offers=2)
    found = elected(made, own=-made.effects)
    assert found.name == Name.T
    assert "The T-learner ranks what offers add" in found.found
    assert not next(each for each in found.standings if each.name == OWN).stands


def test_no_one_is_elected_where_no_offer_adds_anything() -> None:
    made = world(3000, seed=4, offers=1, size=0.0)
    noise = np.random.default_rng(1).normal(size=made.effects.shape)
    found = elected(made, own=noise)
    assert found.name == NO_ONE
    assert found.held.average[0] is not None
    assert abs(found.held.average[0].estimate) < 0.05


def test_a_response_becomes_an_effect_that_keeps_the_average() -> None:
    rng = np.random.default_rng(2)
    response = rng.random((4000, 2))
    effect = 0.05 + 0.4 * (response - 0.5) + np.array([0.0, 0.1])
    scores = effect + rng.normal(size=effect.shape)
    average = elected(world(900, seed=1, offers=2), own=None).held.average
    known = tuple(
        replace(each, estimate=mean)
        for each, mean in zip(average, (0.05, 0.15), strict=True)
        if each is not None
    )
    slope, intercepts = response_line(response, scores=scores, average=known)
    assert slope == pytest.approx(0.4, abs=0.1)
    made = slope * response + np.array(intercepts)
    assert made.mean(axis=0) == pytest.approx([0.05, 0.15], abs=0.005)


def test_the_sets_own_models_stay_until_a_learner_is_surely_better() -> None:
    made = world(3000, seed=1, offers=2)
    # Half of what they say is noise: a learner is ahead of them, but not surely.
    noise = np.random.default_rng(3).normal(size=made.effects.shape) * made.effects.std()
    found = elected(made, own=made.effects + 0.5 * noise)
    stood = {each.name: each for each in found.standings}
    assert stood[OWN].stands
    assert found.name == OWN
    assert "no learner is surely better" in found.found
