from __future__ import annotations

import numpy as np
import pytest

from models.uplift.effects import LogError
from models.uplift.propensities import estimate_propensities
from tests.uplift_world import World, world


def estimated(made: World, **changed: object) -> np.ndarray:
    given = {
        "action": made.rows.action,
        "eligible": made.rows.eligible,
        "customer": made.rows.customer,
        "rng": np.random.default_rng(0),
    }
    return estimate_propensities(made.rows.matrix, **{**given, **changed})  # type: ignore[arg-type]


def test_estimates_come_near_to_the_logged_probabilities() -> None:
    made = world(6000, seed=1, offers=2, uneven=True)
    assert np.abs(estimated(made) - made.rows.propensity).mean() < 0.03


def test_what_is_not_eligible_gets_nothing_and_rows_add_up() -> None:
    made = world(2000, seed=2, offers=2, some_eligible=True)
    found = estimated(made)
    assert (found[:, 1:][~made.rows.eligible] == 0).all()
    assert np.allclose(found.sum(axis=1), 1.0)


def test_no_estimate_is_much_below_the_least() -> None:
    found = estimated(world(3000, seed=3, offers=2, uneven=True), least=0.2)
    assert found.min() >= 0.2 / 1.4
    assert np.allclose(found.sum(axis=1), 1.0)


def test_an_offer_that_was_never_presented_is_named() -> None:
    made = world(300, seed=4, offers=2)
    with pytest.raises(LogError, match="Offer 1 was never presented"):
        estimated(made, action=np.minimum(made.rows.action, 0))


def test_a_customer_has_no_say_in_the_own_estimate() -> None:
    made = world(400, seed=5)
    turned = made.rows.action.copy()
    turned[:2] = -1 - turned[:2]
    assert np.array_equal(estimated(made)[:2], estimated(made, action=turned)[:2])
