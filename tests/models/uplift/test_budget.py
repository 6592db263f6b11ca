from __future__ import annotations

import numpy as np
import pytest

from models.uplift.budget import budget_curve
from models.uplift.effects import LogError


def test_by_hand() -> None:
    worth = np.array([[5.0, 1.0], [0.5, 3.0], [-1.0, -2.0], [2.0, 1.0]])
    scores = np.array([[4.0, 9.0], [9.0, 2.0], [9.0, 9.0], [np.nan, 8.0]])
    found = budget_curve(worth, scores=scores, customer=np.arange(4), points=3)
    # First contact 0 on offer 0, then contact 1 on offer 1, then contact 3 on offer 1; 2 gets none.
    assert found.share.tolist() == [0, 0.25, 0.5, 0.75]
    assert found.added.tolist() == pytest.approx([0, 1000, 1500, 3500])
    assert found.spent.tolist() == pytest.approx([0, 250, 500, 750])


def test_costly_offers_wait_for_their_turn() -> None:
    worth = np.array([[4.0, 0.0], [0.0, 3.0]])
    scores = np.array([[4.0, 0.0], [0.0, 3.0]])
    cost = np.array([4.0, 1.0])
    found = budget_curve(worth, scores=scores, customer=np.arange(2), cost=cost, points=2)
    assert found.added.tolist() == pytest.approx([0, 1500, 3500])
    assert found.spent.tolist() == pytest.approx([0, 500, 2500])


def test_the_true_order_stays_above_the_line_and_a_random_one_on_it() -> None:
    rng = np.random.default_rng(1)
    effect = rng.normal(size=(4000, 3))
    scores = effect + rng.normal(size=(4000, 3))
    known = budget_curve(effect, scores=scores, customer=np.arange(4000))
    assert known.advantage.low > 0.3
    guessed = budget_curve(rng.normal(size=(4000, 3)), scores=scores, customer=np.arange(4000))
    assert abs(guessed.advantage.value) < 0.06
    assert (known.low <= known.added).all()
    assert (known.added <= known.high).all()


def test_the_band_holds_the_true_gain() -> None:
    rng = np.random.default_rng(2)
    held = []
    for _ in range(200):
        effect = rng.normal(size=(300, 2))
        found = budget_curve(
            np.ones((300, 2)) * [2.0, 1.0],
            scores=effect + 1.0,
            customer=np.arange(300),
            points=1,
        )
        held.append(found.low[-1] <= 1000.0 <= found.high[-1])
    assert 0.9 <= np.mean(held) <= 0.99


def test_costs_must_be_above_nothing_and_shapes_fit() -> None:
    worth = np.ones((3, 2))
    with pytest.raises(LogError, match="not above 0"):
        budget_curve(worth, scores=worth, customer=np.arange(3), cost=np.array([1.0, 0.0]))
    with pytest.raises(LogError, match="shape"):
        budget_curve(worth, scores=np.ones((3, 1)), customer=np.arange(3))
