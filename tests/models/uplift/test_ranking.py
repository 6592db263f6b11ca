from __future__ import annotations

import numpy as np
import pytest

from models.uplift.ranking import area, area_at_random, area_by_offer, best_offers


def test_by_hand() -> None:
    # Gains after each of the three contacts: 3, 3, 2 thirds; the middles of the steps are 1.5, 3
    # and 2.5 thirds, their mean 7 ninths.
    found = area(np.array([9.0, 5.0, 1.0]), np.array([3.0, 0.0, -1.0]))
    assert found.value == pytest.approx(7 / 9)


def test_ties_are_worth_any_order_among_them() -> None:
    effect = np.array([4.0, 0.0, 1.0, 2.0])
    tied = area(np.zeros(4), effect).value
    assert tied == pytest.approx(effect.mean() / 2)
    orders = [area(np.random.default_rng(s).random(4), effect).value for s in range(3000)]
    assert np.mean(orders) == pytest.approx(tied, rel=0.02)


def test_influences_are_what_a_little_more_weight_does() -> None:
    rng = np.random.default_rng(1)
    worth, effect = rng.normal(size=400), rng.normal(size=400)
    found = area(worth, effect)
    assert found.influence.sum() == pytest.approx(0.0, abs=1e-12)
    for row in (0, 17, 300):
        # The row twice moves the area by its influence, up to the square of its share.
        twice = np.r_[np.arange(400), row]
        moved = area(worth[twice], effect[twice]).value - found.value
        assert moved == pytest.approx(found.influence[row], abs=3e-5)


def test_the_error_is_that_of_repeated_samples() -> None:
    rng = np.random.default_rng(2)
    found, errors = [], []
    for _ in range(400):
        worth = rng.normal(size=300)
        made = area(worth, worth + rng.normal(size=300))
        found.append(made.value)
        errors.append(np.sqrt((made.influence**2).sum()))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.12)


def test_each_contact_gets_its_best_allowed_offer() -> None:
    worth = np.array([[1.0, 2.0], [3.0, 9.0], [1.0, 1.0]])
    allowed = np.array([[True, True], [True, False], [False, False]])
    assert best_offers(worth, allowed=allowed).tolist() == [1, 0, -1]
    effect = np.array([[0.0, 6.0], [3.0, 0.0], [0.0, 0.0]])
    # Contact 1 first (3), then contact 0 (6), then the one without an offer.
    assert area_by_offer(worth, effect, allowed=allowed).value == pytest.approx(
        area(np.array([2.0, 3.0, 0.0]), np.array([6.0, 3.0, 0.0])).value
    )


def test_any_order_with_any_offer_earns_half_the_mean_effect() -> None:
    effect = np.array([[2.0, 4.0], [1.0, 7.0]])
    allowed = np.array([[True, True], [True, False]])
    assert area_at_random(effect, allowed=allowed).value == pytest.approx((3.0 + 1.0) / 4)
