"""A change is tried before release, on a sample, with the error it may have."""

from __future__ import annotations

import numpy as np
import pytest

from routing.allocation.change import LimitChange, MarginChange, PoolChange, changed_batch
from routing.allocation.choose import allocate
from routing.allocation.errors import BatchError, InfeasibleLimitsError, LimitsFileError
from routing.allocation.survey import survey
from routing.allocation.what_if import what_if, who_changes


def surveyed(problem, batch, *, size=32_768):
    return survey(lambda: [batch], offers=len(problem.offers), size=size)


def asked(problem, batch, *changes, size=32_768):
    before = allocate(lambda: [batch], problem=problem)
    return what_if(surveyed(problem, batch, size=size), before=before, changes=changes)


def test_no_change_changes_nothing(world) -> None:
    problem, batch = world(1, count=800)

    found = asked(problem, batch)

    assert found.money == pytest.approx(0.0, abs=1e-3)
    assert found.changed == 0
    assert not list(who_changes(lambda: [batch], outcome=found))


@pytest.mark.parametrize(
    "change",
    [
        MarginChange("offer_3", 200.0),
        MarginChange("offer_1", -100.0),
        LimitChange("budget", 250.0),
        LimitChange("minutes life", None),
        LimitChange("share offer_0", 0.02),
        PoolChange("first", 2.0),
    ],
)
def test_on_everybody_it_is_the_allocation_after_the_change(change, world) -> None:
    problem, batch = world(2, count=900)
    outcome = asked(problem, batch, change)
    other = changed_batch(batch, problem=problem, changes=(change,))

    after = allocate(lambda: [other], problem=outcome.after.rule.problem)

    assert outcome.after.money == pytest.approx(after.money, rel=3e-3)
    assert [each.price for each in outcome.after.limits] == pytest.approx(
        after.rule.prices.tolist(), rel=1e-6, abs=1e-6
    )
    assert [each.used for each in outcome.after.limits] == pytest.approx(
        [each.used for each in after.limits], rel=0.05, abs=2.5
    )
    assert outcome.error == 0.0
    assert f"{outcome.changed:,} " in outcome.sentence


def test_more_minutes_never_cost_money(world) -> None:
    problem, batch = world(3, count=2_000, floors=False)

    assert asked(problem, batch, PoolChange("first", 1.5)).money >= -1e-6


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_tells_the_whole_within_its_error(seed, world) -> None:
    problem, batch = world(40 + seed, count=12_000, floors=False)
    change = LimitChange("budget", 3_000.0)
    whole = asked(problem, batch, change)

    part = asked(problem, batch, change, size=3_000)

    assert part.sample == 3_000
    assert 0.0 < part.error < 0.2 * abs(part.money)
    # Twice a 95 % interval, and the customers of whom parts were chosen.
    assert abs(part.money - whole.money) <= 2.0 * part.error + 1e-4 * whole.before.money
    assert abs(part.changed - whole.changed) <= 2.0 * part.changed_error + 0.005 * len(batch)


def test_who_changes_is_told_by_name(world) -> None:
    problem, batch = world(5, count=1_000)
    outcome = asked(problem, batch, MarginChange("offer_2", 500.0))

    moved = list(who_changes(lambda: [batch], outcome=outcome))

    assert moved
    assert all(before != after for _, before, after in moved)
    assert {customer for customer, _, _ in moved} <= set(batch.customer_ids.tolist())
    assert abs(len(moved) - outcome.changed) <= 0.02 * len(batch)


def test_a_change_that_cannot_be_met_names_the_limits(world) -> None:
    problem, batch = world(6, count=500)

    with pytest.raises(InfeasibleLimitsError) as caught:
        asked(problem, batch, LimitChange("budget", 1.0))

    assert "budget" in caught.value.conflict


def test_unknown_names_are_told_with_the_nearest(world) -> None:
    problem, batch = world(6, count=50)
    for change, hint in (
        (MarginChange("ofer_1", 1.0), "offer_1"),
        (LimitChange("budgt", 1.0), "budget"),
        (PoolChange("frist", 1.0), "first"),
    ):
        with pytest.raises(LimitsFileError, match=f"Was '{hint}' meant"):
            asked(problem, batch, change)
    with pytest.raises(LimitsFileError, match="cannot be -1"):
        asked(problem, batch, LimitChange("budget", -1.0))


def test_a_margin_needs_what_a_unit_of_it_adds(world) -> None:
    problem, batch = world(7, count=50)
    bare = type(batch)(**{**{n: getattr(batch, n) for n in batch.__slots__}, "kept_uplift": None})

    with pytest.raises(BatchError, match="kept_uplift"):
        asked(problem, bare, MarginChange("offer_1", 5.0))


def test_a_changed_margin_changes_added_value_by_what_is_kept(world) -> None:
    problem, batch = world(8, count=50)

    other = changed_batch(batch, problem=problem, changes=(MarginChange("offer_1", 10.0),))

    grown = other.added_value - batch.added_value
    assert grown[:, 1] == pytest.approx(10.0 * batch.kept_uplift[:, 1])
    assert not np.delete(grown, 1, axis=1).any()
