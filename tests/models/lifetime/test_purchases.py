"""BG/NBD: it finds planted parameters, and its formulas are what simulated customers do."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import TooFewRowsError
from models.lifetime.histories import Histories
from models.lifetime.purchases import BgNbd, fit_purchases

PLANTED = BgNbd(r=0.6, alpha=8.0, a=0.9, b=3.0, log_likelihood=0.0)
KNOWN, AHEAD = 60.0, 40.0


def simulated(count: int, *, seed: int = 1) -> tuple[Histories, np.ndarray, np.ndarray]:
    """Return histories of 60 weeks, what was bought in the 40 after, and who was still alive."""
    rng = np.random.default_rng(seed)
    repeats, last = np.zeros(count), np.zeros(count)
    later, alive = np.zeros(count), np.zeros(count, dtype=bool)
    for place in range(count):
        rate, leaving = rng.gamma(PLANTED.r, 1 / PLANTED.alpha), rng.beta(PLANTED.a, PLANTED.b)
        at, here = 0.0, True
        while here:
            at += rng.exponential(1 / rate)
            if at > KNOWN + AHEAD:
                break
            alive[place] |= at > KNOWN
            if at <= KNOWN:
                repeats[place], last[place] = repeats[place] + 1, at
            else:
                later[place] += 1
            here = rng.random() >= leaving
        alive[place] |= here
    known = np.full(count, KNOWN)
    return Histories(np.arange(count), repeats, last, known, np.zeros(count)), later, alive


def one(repeats: float, last: float, known: float = KNOWN) -> Histories:
    return Histories(
        np.array(["c"]), np.array([repeats]), np.array([last]), np.array([known]), np.zeros(1)
    )


def test_planted_parameters_are_found_again() -> None:
    found = fit_purchases(simulated(6000)[0])
    assert found.r == pytest.approx(PLANTED.r, rel=0.15)
    assert found.alpha == pytest.approx(PLANTED.alpha, rel=0.2)
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.9, rel=0.15)


def test_expected_purchases_and_life_are_what_simulated_customers_show() -> None:
    histories, later, alive = simulated(12_000, seed=2)
    expected, living = PLANTED.expected(histories, weeks=AHEAD), PLANTED.alive(histories)
    for low, high in ((0, 0), (1, 2), (3, 6), (7, 99)):
        group = (histories.repeats >= low) & (histories.repeats <= high)
        error = later[group].std() / np.sqrt(group.sum())
        assert abs(expected[group].mean() - later[group].mean()) < 4 * error
        spread = np.sqrt(0.25 / group.sum())
        assert abs(living[group].mean() - alive[group].mean()) < 4 * spread


def test_nobody_is_expected_to_buy_in_no_time_and_more_in_more_time() -> None:
    customer = one(3, 40)
    steps = [float(PLANTED.expected(customer, weeks=weeks)[0]) for weeks in (0, 1, 10, 100, 1000)]
    assert steps[0] == pytest.approx(0.0, abs=1e-12)
    assert steps == sorted(steps)


def test_who_fell_silent_is_less_alive_than_who_bought_lately() -> None:
    assert PLANTED.alive(one(6, 10))[0] < PLANTED.alive(one(6, 58))[0]


def test_a_long_and_busy_history_does_not_overflow() -> None:
    busy = one(5000, 999, 1000)
    assert PLANTED.expected(busy, weeks=52)[0] == pytest.approx(5 * 52, rel=0.1)


def test_leaving_that_is_alike_for_all_does_not_overflow() -> None:
    """With a and b very large each purchase is the last with probability a / (a + b)."""
    alike = BgNbd(r=0.5, alpha=5.0, a=400.0, b=160.0, log_likelihood=0.0)
    steps = [float(alike.expected(one(0, 0, 1), weeks=weeks)[0]) for weeks in (1, 10, 1e3, 1e9)]
    assert steps == sorted(steps)
    assert steps[-1] == pytest.approx(560 / 400, rel=0.01)


def test_a_new_customer_is_one_without_history() -> None:
    new = PLANTED.expected(one(0, 0, 0), weeks=30)[0]
    assert PLANTED.expected_of_new(weeks=30) == pytest.approx(new)


def test_too_few_who_came_back_are_refused() -> None:
    with pytest.raises(TooFewRowsError, match="bought a second time"):
        fit_purchases(simulated(40)[0])
