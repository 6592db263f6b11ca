from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from models.experiments.randomisation import Randomisation
from models.experiments.seasons import Seasons
from models.experiments.totals import ExperimentError, SlotTotals

Slots = Callable[..., SlotTotals]


def a_test(totals: SlotTotals, *, seed: int = 1, draws: int = 999) -> Randomisation:
    rng = np.random.default_rng(seed)
    return Randomisation(totals, outcome=totals.bought, rng=rng, draws=draws)


def by_hand(totals: SlotTotals, on: np.ndarray, outcome: np.ndarray) -> tuple[float, float]:
    """Return the difference of means and its error by coin, slot by slot."""
    difference, pull = 0.0, np.zeros(len(totals))
    for arm, sign in ((on, 1.0), (~on, -1.0)):
        count = totals.contacts[arm].sum()
        mean = outcome[arm].sum() / count
        difference += sign * mean
        pull[arm] = sign * (outcome - mean * totals.contacts)[arm] / count
    sums = np.array([pull[totals.coin == coin].sum() for coin in np.unique(totals.coin)])
    return difference, float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))


def test_the_error_is_that_of_the_coins_sums_computed_slot_by_slot(slots: Slots) -> None:
    totals = slots(3)
    test = a_test(totals)
    seasons = Seasons(totals)
    outcome = seasons.without(totals.bought - test.effect * totals.contacts * totals.on)
    difference, error = by_hand(totals, totals.on, outcome)
    assert difference == pytest.approx(0.0, abs=1e-12)
    assert test.error() == pytest.approx(error)


def test_the_statistic_of_every_redrawn_plan_is_that_of_the_plan_itself(slots: Slots) -> None:
    totals = slots(4).where(np.arange(336) % 5 > 0)  # some coins lack a slot
    outcome = Seasons(totals).without(totals.bought)
    rng = np.random.default_rng(9)
    test = Randomisation(totals, outcome=totals.bought, rng=rng, draws=200)
    fell = np.random.default_rng(9).integers(0, 2, size=(200, totals.coins)) * 2 - 1
    place = np.unique(totals.coin, return_inverse=True)[1]
    reached = 0
    drawn = np.divide(*by_hand(totals, totals.on, outcome))
    for signs in fell:
        difference, error = by_hand(totals, signs[place] == totals.side, outcome)
        reached += abs(difference / error) >= abs(drawn) * (1 - 1e-12)
    assert reached >= 10
    assert test.p() == pytest.approx((1 + reached) / 201)


def test_p_values_are_uniform_where_nothing_is_added(slots: Slots) -> None:
    found = [a_test(slots(seed), seed=seed, draws=199).p() for seed in range(300)]
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.085


def test_the_interval_leaves_out_what_the_test_rejects_and_nothing_else(slots: Slots) -> None:
    sides = set()
    for seed in range(20):
        test = a_test(slots(seed, effect=0.012), seed=seed)
        judged = test.judged()
        assert judged.low < judged.effect < judged.high
        assert (judged.low > 0 or judged.high < 0) == (judged.p <= 0.05)
        for end in (judged.low, judged.high):
            inside = judged.effect + (end - judged.effect) * 0.99
            beyond = judged.effect + (end - judged.effect) * 1.01
            assert test.p(effect=inside) > 0.05 >= test.p(effect=beyond)
        sides.add(judged.p <= 0.05)
    assert sides == {True, False}


def test_intervals_hold_the_true_effect(slots: Slots) -> None:
    held = 0
    for seed in range(150):
        judged = a_test(slots(seed, effect=0.05), seed=seed, draws=399).judged()
        held += judged.low <= 0.05 <= judged.high
    assert 0.90 <= held / 150 <= 0.99


def test_a_stricter_level_gives_a_wider_interval_beyond_what_draws_can_tell(slots: Slots) -> None:
    test = a_test(slots(5, effect=0.05))
    usual, strict = test.judged(level=0.05), test.judged(level=1e-6)
    assert strict.low < usual.low < usual.high < strict.high
    reach = (strict.high - strict.low) / (usual.high - usual.low)
    assert 2.2 < reach < 3.2  # 4.9 standard errors to 1.96


def test_seasons_take_out_hours_and_weekdays_and_leave_the_sum_alone(slots: Slots) -> None:
    totals = slots(6)
    left = Seasons(totals).without(totals.bought)
    for kind in (totals.hour, totals.day % 7):
        sums = np.bincount(kind, weights=left)
        assert np.abs(sums).max() < 1e-8 * totals.bought.sum()
    assert np.abs(left).sum() > 0


def test_no_p_value_is_below_what_so_few_plans_can_give(slots: Slots) -> None:
    totals = slots(7, effect=0.8)
    few = totals.where(totals.coin < 8)
    assert a_test(few).p() >= 2.0**-7


def test_too_few_blocks_are_refused_with_what_to_do(slots: Slots) -> None:
    totals = slots(8)
    for part in (totals.where(totals.coin < 5), totals.where(totals.on)):
        with pytest.raises(ExperimentError, match="Wait"):
            a_test(part)


def test_slots_without_contacts_are_refused(slots: Slots) -> None:
    totals = slots(9)
    known = {name: getattr(totals, name) for name in totals.__slots__}
    with pytest.raises(ExperimentError, match="only slots with contacts"):
        SlotTotals(**{**known, "contacts": totals.contacts * totals.on})
