from __future__ import annotations

import numpy as np
import pytest

from models.uplift.effects import NORMAL_95, Effect
from models.uplift.until_known import contacts_until_known


def effect(estimate: float, error: float) -> Effect:
    reach = NORMAL_95 * error
    return Effect(estimate, error, estimate - reach, estimate + reach, 0.0, 0.0)


def test_what_is_known_takes_no_more_contacts() -> None:
    assert contacts_until_known(effect(10, 2), contacts=500) == 0
    assert contacts_until_known(effect(-10, 2), contacts=500) == 0


def test_with_that_many_more_the_interval_excludes_zero_four_times_in_five() -> None:
    more = contacts_until_known(effect(5, 5), contacts=1000)
    assert more is not None
    error = 5 * np.sqrt(1000 / (1000 + more))
    drawn = np.random.default_rng(0).normal(5, error, 20_000)
    assert (drawn > NORMAL_95 * error).mean() == pytest.approx(0.8, abs=0.01)


def test_an_estimate_of_next_to_nothing_is_never_known() -> None:
    assert contacts_until_known(effect(0, 5), contacts=1000) is None
    assert contacts_until_known(effect(1e-4, 5), contacts=1000) is None
