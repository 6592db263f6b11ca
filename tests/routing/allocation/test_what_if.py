"""A change is tried before release, on a sample, with the error it may have."""

from __future__ import annotations

import numpy as np
import pytest

from routing.allocation.change import LimitChange, MarginChange, PoolChange, changed_batch
from routing.allocation.choose import allocate
from routing.allocation.errors import BatchError, LimitsFileError
from routing.allocation.survey import survey
from routing.allocation.what_if import what_if, who_changes


def surveyed(problem, batch, *, size=32_768):
    return survey(lambda: [batch], offers=len(problem.offers), size=size)


def test_no_change_changes_nothing(world) -> None:
    problem, batch = world(1, count=800)

    found = what_if(surveyed(problem, batch), problem=problem, changes=())

    assert found.money == 0.0
    assert found.changed == 0
    assert not list(who_changes(lambda: [batch], outcome=found, problem=problem))


@pytest.mark.parametrize(
    "change",
    [
        MarginChange("offer_3", 200.0),
        MarginChange("offer_1", -100.0),
        LimitChange("budget", 150.0),
        LimitChange("minutes life", None),
        LimitChange("share offer_0", 0.02),
        PoolChange("first", 2.0),
    ],
)
def test_on_everybody_it_is_the_allocation_after_the_change(change, world) -> None:
    problem, batch = world(2, count=900)
    outcome = what_if(surveyed(problem, batch), problem=problem, changes=(change,))

    before = allocate(lambda: [batch], problem=problem)
    other = changed_batch(batch, problem=problem, changes=(change,))
    after = allocate(lambda: [other], problem=outcome.after.rule.problem)

    assert outcome.before.money == pytest.approx(before.money, rel=2e-3)
    assert outcome.after.money == pytest.approx(after.money, rel=2e-3)
    assert outcome.error == 0.0
    assert f"{outcome.changed:,} " in outcome.sentence


def test_more_minutes_never_cost_money(world) -> None:
    problem, batch = world(3, count=2_000, floors=False)

    found = what_if(surveyed(problem, batch), problem=problem, changes=(PoolChange("first", 1.5),))

    assert found.money >= -1e-3 * found.before.money


def test_a_sample_tells_the_whole_within_its_error(world) -> None:
    problem, batch = world(4, count=12_000, floors=False)
    change = (LimitChange("budget", 3_000.0),)
    whole = what_if(surveyed(problem, batch), problem=problem, changes=change)

    part = what_if(surveyed(problem, batch, size=3_000), problem=problem, changes=change)

    assert part.sample == 3_000
    assert part.error > 0.0
    assert abs(part.money - whole.money) <= 1.5 * part.error  # 1.5: one draw in 300 falls outside
    assert abs(part.changed - whole.changed) <= 1.5 * part.changed_error + 0.01 * len(batch)


def test_who_changes_is_told_by_name(world) -> None:
    problem, batch = world(5, count=1_000)
    outcome = what_if(
        surveyed(problem, batch), problem=problem, changes=(MarginChange("offer_2", 500.0),)
    )

    moved = list(who_changes(lambda: [batch], outcome=outcome, problem=problem))

    assert moved
    assert all(before != after for _, before, after in moved)
    assert {customer for customer, _, _ in moved} <= set(batch.customer_ids.tolist())
    assert abs(len(moved) - outcome.changed) <= 0.05 * len(batch)


def test_unknown_names_are_told_with_the_nearest(world) -> None:
    problem, batch = world(6, count=50)
    found = surveyed(problem, batch)

    for change, hint in (
        (MarginChange("ofer_1", 1.0), "offer_1"),
        (LimitChange("budgt", 1.0), "budget"),
        (PoolChange("frist", 1.0), "first"),
    ):
        with pytest.raises(LimitsFileError, match=f"Was '{hint}' meant"):
            what_if(found, problem=problem, changes=(change,))
    with pytest.raises(LimitsFileError, match="cannot be -1"):
        what_if(found, problem=problem, changes=(LimitChange("budget", -1.0),))


def test_a_margin_needs_what_a_unit_of_it_adds(world) -> None:
    problem, batch = world(7, count=50)
    bare = type(batch)(**{**{n: getattr(batch, n) for n in batch.__slots__}, "kept_uplift": None})

    with pytest.raises(BatchError, match="kept_uplift"):
        what_if(surveyed(problem, bare), problem=problem, changes=(MarginChange("offer_1", 5.0),))


def test_a_changed_margin_changes_added_value_by_what_is_kept(world) -> None:
    problem, batch = world(8, count=50)

    other = changed_batch(batch, problem=problem, changes=(MarginChange("offer_1", 10.0),))

    grown = other.added_value - batch.added_value
    assert grown[:, 1] == pytest.approx(10.0 * batch.kept_uplift[:, 1])
    assert not np.delete(grown, 1, axis=1).any()
