from __future__ import annotations

import itertools
import math

import pytest

from models.experiments.power import Precision, days_to_know, power, smallest_effect

CRITICAL = 1.959964


def test_power_rises_with_the_effect_and_with_the_days() -> None:
    precision = Precision(error=0.004, days=7)
    by_day = [power(0.006, error=precision.after(days), critical=CRITICAL) for days in range(1, 60)]
    by_effect = [power(size / 1000, error=0.004, critical=CRITICAL) for size in range(0, 30)]
    for found in (by_day, by_effect):
        assert all(first < second for first, second in itertools.pairwise(found))


def test_without_an_effect_the_power_is_the_level() -> None:
    assert power(0.0, error=0.1, critical=CRITICAL) == pytest.approx(0.05, abs=1e-6)


def test_a_loss_is_found_as_easily_as_a_gain() -> None:
    assert power(-0.01, error=0.004, critical=2.0) == power(0.01, error=0.004, critical=2.0)


def test_the_days_to_know_are_the_first_with_enough_power() -> None:
    precision = Precision(error=0.004, days=7)
    days = days_to_know(0.006, precision=precision, critical=CRITICAL)
    assert days == 25  # 7 x (2.8016 x .004 / .006) ^ 2 = 24.4
    assert power(0.006, error=precision.after(days), critical=CRITICAL) >= 0.8
    assert power(0.006, error=precision.after(days - 1), critical=CRITICAL) < 0.8


def test_no_effect_is_never_known_and_a_tiny_one_not_in_ten_years() -> None:
    precision = Precision(error=0.004, days=7)
    assert days_to_know(0.0, precision=precision, critical=CRITICAL) is None
    assert days_to_know(1e-5, precision=precision, critical=CRITICAL) is None


def test_the_smallest_effect_is_found_with_the_wanted_power() -> None:
    size = smallest_effect(error=0.004, critical=CRITICAL)
    assert power(size, error=0.004, critical=CRITICAL) == pytest.approx(0.8, abs=1e-4)
    assert math.isclose(size, 2.8016 * 0.004, rel_tol=1e-4)
