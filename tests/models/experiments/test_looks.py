from __future__ import annotations

from collections.abc import Callable

import numpy as np

from models.experiments.looks import foreseen, judged_looks, look_days
from models.experiments.naive import welch
from models.experiments.totals import SlotTotals

Slots = Callable[..., SlotTotals]


def test_the_last_look_is_the_end_whatever_the_step() -> None:
    assert look_days(28, every=7) == (7, 14, 21, 28)
    assert look_days(14, every=4) == (4, 8, 12, 14)
    assert look_days(14, every=90) == (14,)


def test_a_large_effect_stops_early_and_none_does_not(slots: Slots) -> None:
    due = foreseen(28, every=7)
    rng = np.random.default_rng(2)
    large = slots(11, effect=0.1, weeks=4)
    none = slots(12, weeks=4)
    stops = [look.stops for look in judged_looks(large, outcome=large.bought, due=due, rng=rng)]
    assert stops == [False, True, True, True] or stops == [True] * 4
    assert not any(look.stops for look in judged_looks(none, outcome=none.bought, due=due, rng=rng))


def test_a_look_sees_only_the_days_before_it(slots: Slots) -> None:
    totals = slots(13, weeks=4)
    due = foreseen(28, every=7)[:2]
    changed = np.where(totals.day < 14, totals.bought, 0.0)
    looks = [
        judged_looks(totals, outcome=outcome, due=due, rng=np.random.default_rng(3), draws=199)
        for outcome in (totals.bought, changed)
    ]
    assert looks[0] == looks[1]
    assert looks[0][0].contacts < looks[0][1].contacts


def test_a_look_with_too_few_blocks_judges_nothing(slots: Slots) -> None:
    totals = slots(14)
    early = totals.where((totals.day > 0) | (totals.hour > 12))
    (look,) = judged_looks(
        early,
        outcome=early.bought,
        due=foreseen(14, every=1)[:1],
        rng=np.random.default_rng(4),
    )
    assert (look.judged, look.stops) == (None, False)


def test_a_naive_t_test_finds_what_is_not_there_and_ours_does_not(slots: Slots) -> None:
    naive, ours = [], []
    due = foreseen(14, every=14)
    for seed in range(150):
        totals = slots(seed, busy=1500.0)
        told = welch(totals, outcome=totals.bought, squares=totals.bought)
        rng = np.random.default_rng(seed)
        (look,) = judged_looks(
            totals, outcome=totals.bought, due=due, rng=rng, draws=199, intervals=False
        )
        naive.append(told.p <= 0.05)
        ours.append(look.stops)
    assert np.mean(naive) > 0.2
    assert np.mean(ours) < 0.11


def test_welch_is_scipys_on_the_contacts_themselves(slots: Slots) -> None:
    from scipy import stats

    totals = slots(15)
    contacts = [
        np.repeat([1.0, 0.0], [int(totals.bought[arm].sum()), int(missed)])
        for arm in (totals.on, ~totals.on)
        for missed in [(totals.contacts - totals.bought)[arm].sum()]
    ]
    expected = stats.ttest_ind(*contacts, equal_var=False)
    told = welch(totals, outcome=totals.bought, squares=totals.bought)
    assert np.isclose(told.p, expected.pvalue)
    interval = expected.confidence_interval()
    assert np.allclose([told.low, told.high], [interval.low, interval.high])
