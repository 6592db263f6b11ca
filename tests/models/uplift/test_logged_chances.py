from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.uplift.logged_chances import logged_chances
from tests.uplift_world import World, world


def chances(made: World, *, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = made.rows
    return logged_chances(
        rows.matrix,
        action=rows.action,
        eligible=rows.eligible,
        probability=probability,
        customer=rows.customer,
        rng=np.random.default_rng(0),
    )


def test_one_policy_for_all_is_read_off_the_log() -> None:
    made = world(800, seed=1, offers=2, some_eligible=True)
    found = chances(made, probability=made.rows.taken)
    assert np.allclose(found, made.rows.propensity)


def test_other_probabilities_are_estimated_and_the_logged_one_is_kept() -> None:
    made = world(4000, seed=2, offers=2, uneven=True)
    found = chances(made, probability=made.rows.taken)
    assert np.allclose(found.sum(axis=1), 1.0)
    taken = found[np.arange(len(found)), made.rows.action + 1]
    assert np.array_equal(taken, made.rows.taken)
    assert np.abs(found - made.rows.propensity).mean() < 0.03


def test_an_offer_that_was_never_given_has_no_chance() -> None:
    made = world(800, seed=3, offers=2, uneven=True)
    never = made.rows.take(made.rows.action != 1)
    found = chances(World(never, made.effects, made.baseline), probability=never.taken)
    assert (found[:, 2] == 0).all()
    assert np.allclose(found.sum(axis=1), 1.0)
