"""Tables by tenth: best first, adding up to everything, with intervals that hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from models.judging.deciles import by_tenth
from models.signals import Task


def test_the_tenths_run_from_the_best_to_the_worst_and_hold_everything() -> None:
    rng = np.random.default_rng(1)
    chance = rng.beta(1, 5, 3000)
    label = (rng.random(3000) < chance).astype(np.float64)
    found = by_tenth(label, chance, task=Task.PROBABILITY)
    assert [row.tenth for row in found] == list(range(1, 11))
    assert sum(row.rows for row in found) == 3000
    assert found[-1].gain == pytest.approx(1.0)
    assert found[0].lift is not None
    assert found[0].lift > 2
    assert all(a.predicted > b.predicted for a, b in pairwise(found))
    assert all(row.low <= row.realised <= row.high for row in found)


def test_a_tenth_in_which_nothing_happened_is_not_certain() -> None:
    label = np.zeros(1000)
    label[:60] = 1
    found = by_tenth(label, np.linspace(1, 0, 1000), task=Task.PROBABILITY)
    assert found[-1].realised == 0
    assert found[-1].low == 0
    assert 0.01 < found[-1].high < 0.1


def test_money_comes_in_money_and_may_be_lost() -> None:
    rng = np.random.default_rng(2)
    predicted = rng.normal(20, 10, 2000)
    money = np.where(rng.random(2000) < 0.1, 10 * predicted, -1.0)
    found = by_tenth(money, predicted, task=Task.AMOUNT)
    assert found[0].realised > found[-1].realised
    assert found[-1].low < 0
