from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.uplift.effects import LogError
from models.uplift.net_value import Economics, net_outcomes, net_value, net_worth
from tests.uplift_world import world

ECONOMICS = Economics(np.array([100.0, 50.0]), np.array([4.0, 2.0]), np.array([30.0, 10.0]))


def test_by_hand() -> None:
    action = np.array([0, -1, 1])
    sold = np.array([[True, False], [False, True], [False, False]])
    lapsed = np.array([[True, False], [False, False], [False, False]])
    found = net_outcomes(action, sold=sold, lapsed=lapsed, economics=ECONOMICS)
    # Sold and lapsed: -30 and the cost of presenting; bought anyway: 50; presented in vain: -2.
    assert found.tolist() == [-34.0, 50.0, -2.0]


def test_worth_takes_off_lapse_and_presentation() -> None:
    found = net_worth(np.array([[0.1, 0.1]]), lapse=np.array([[0.5, 0.0]]), economics=ECONOMICS)
    assert found[0].tolist() == pytest.approx([0.1 * (50 - 15) - 4, 0.1 * 50 - 2])


def test_giving_nothing_where_something_pays_is_regretted() -> None:
    made = world(8000, seed=1, offers=2, money=True)
    costs = np.append(ECONOMICS.presentation_cost, 0.0)
    rows = replace(made.rows, outcome=made.rows.outcome - costs[made.rows.action])
    worth = made.effects - ECONOMICS.presentation_cost
    expected = np.column_stack([made.baseline, made.baseline[:, None] + worth])
    best = np.where(worth.max(axis=1) > 0, worth.argmax(axis=1), -1)
    given = {"worth": worth, "expected": expected, "economics": ECONOMICS}
    wise = net_value(rows, policy=best, **given)
    idle = net_value(rows, policy=np.full(8000, -1), **given)
    true = float(np.maximum(worth.max(axis=1), 0).mean())
    assert wise.added.low < true < wise.added.high
    passed = float(np.where(best < 0, worth.max(axis=1), 0).mean())
    assert wise.regret.low < passed < wise.regret.high
    assert passed < 0
    assert idle.added.value == 0.0
    assert idle.presented == 0.0
    assert idle.regret.low > 0
    assert wise.presentation == pytest.approx(costs[best].mean())


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(LogError, match=r"\[1, 2\] offers"):
        Economics(np.array([1.0]), np.array([1.0, 2.0]), np.array([1.0]))
