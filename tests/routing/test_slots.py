from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from routing.answer import Arm
from routing.errors import SlotPlanError
from routing.slot_drawing import MOST_HELD_BACK, SLOT_MINUTES, check_plan, draw_plan
from routing.slots import SlotPlan, arm_at, is_held_back, place_at

NEW_YORK = ZoneInfo("America/New_York")
MADE = datetime(2026, 2, 1, tzinfo=UTC)


def a_plan(**changes: Any) -> SlotPlan:
    known = {"zone": "America/New_York", "weeks": 4, "seed": 7, "made_at": MADE, **changes}
    return draw_plan(known.pop("start", date(2026, 4, 6)), **known)


def instants(plan: SlotPlan, *, minutes: int) -> list[datetime]:
    count = int((plan.ends - plan.begins).total_seconds()) // (60 * minutes)
    return [plan.begins + timedelta(minutes=minutes * n) for n in range(count)]


@pytest.mark.parametrize("slot_minutes", SLOT_MINUTES)
@pytest.mark.parametrize("weeks", [2, 6])
def test_each_weekday_and_hour_is_on_as_often_as_off(slot_minutes: int, weeks: int) -> None:
    plan = a_plan(slot_minutes=slot_minutes, weeks=weeks, washout_minutes=0)
    on: Counter[tuple[int, int, int]] = Counter()
    for instant in instants(plan, minutes=slot_minutes):
        local = instant.astimezone(NEW_YORK)
        placed = arm_at(plan, instant, "c")
        assert placed is not None
        on[(local.weekday(), local.hour, local.minute)] += placed.arm is Arm.ON
    assert len(on) == 7 * 1440 // slot_minutes
    assert set(on.values()) == {weeks // 2}


def test_of_two_successive_slots_one_is_on() -> None:
    plan = a_plan()
    for week in plan.pattern:
        assert {week[at : at + 2] for at in range(0, len(week), 2)} == {"01", "10"}


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    assert a_plan() == a_plan()
    assert a_plan().pattern != a_plan(seed=8).pattern


def test_every_coin_falls_on_either_side_over_many_seeds() -> None:
    heads = Counter(
        place.coin
        for seed in range(200)
        for plan in [a_plan(weeks=2, slot_minutes=360, washout_minutes=0, seed=seed)]
        for instant in instants(plan, minutes=360)
        if (place := place_at(plan, instant)) is not None and place.side > 0 and place.on
    )
    share = [count / 400 for count in heads.values()]  # two of a coin's four slots have side 1
    assert len(share) == 14
    assert 0.35 < min(share) <= max(share) < 0.65


def test_a_held_back_customer_is_always_off_and_stays_so_after_the_slots() -> None:
    plan = a_plan(hold_back_share=0.1)
    held = [f"c{n}" for n in range(2000) if is_held_back(plan, f"c{n}")]
    assert 140 < len(held) < 260
    for instant in (*instants(plan, minutes=360), plan.ends + timedelta(days=90)):
        for customer_id in held[:20]:
            placed = arm_at(plan, instant, customer_id)
            assert placed is not None
            assert (placed.arm, placed.held) == (Arm.OFF, True)


def test_the_same_people_are_held_back_by_the_next_plan_and_others_by_another_salt() -> None:
    first, larger = a_plan(hold_back_share=0.1), a_plan(hold_back_share=0.2, seed=99)
    other = a_plan(hold_back_share=0.1, salt="another")
    people = [f"c{n}" for n in range(1000)]
    held = {one for one in people if is_held_back(first, one)}
    assert held < {one for one in people if is_held_back(larger, one)}
    assert held != {one for one in people if is_held_back(other, one)}


def test_the_chance_of_an_arm_is_that_of_any_customer_at_any_draw() -> None:
    plans = [a_plan(weeks=2, hold_back_share=0.2, salt=str(seed), seed=seed) for seed in range(600)]
    at = plans[0].begins + timedelta(hours=31)
    placed = [found for plan in plans if (found := arm_at(plan, at, "c")) is not None]
    off = sum(one.arm is Arm.OFF for one in placed) / len(placed)
    assert off == pytest.approx(0.6, abs=0.07)
    for one in placed:
        assert one.probability == pytest.approx(0.6 if one.arm is Arm.OFF else 0.4)


def test_the_minutes_after_a_switch_do_not_count_and_those_without_a_switch_do() -> None:
    plan = a_plan(washout_minutes=10)
    seen = Counter()
    for start in instants(plan, minutes=60)[1:200]:
        before = arm_at(plan, start - timedelta(seconds=1), "c")
        first, tenth = arm_at(plan, start, "c"), arm_at(plan, start + timedelta(minutes=10), "c")
        late = arm_at(plan, start + timedelta(minutes=9, seconds=59), "c")
        assert before and first and tenth and late
        switched = before.arm is not first.arm
        assert (first.counts, late.counts, tenth.counts) == (not switched, not switched, True)
        seen[switched] += 1
    assert min(seen.values()) > 40


def test_a_plan_whose_first_slot_is_off_begins_with_a_wash_out() -> None:
    plans = [a_plan(seed=seed) for seed in range(20)]
    firsts = {(arm_at(plan, plan.begins, "c")) for plan in plans}
    assert {(one.arm, one.counts) for one in firsts if one} == {(Arm.ON, True), (Arm.OFF, False)}


def test_hours_are_those_of_the_wall_when_the_clock_jumps_forward() -> None:
    plan = a_plan(start=date(2026, 3, 2))  # the clocks change on Sunday 8 March at 2:00
    before = place_at(plan, datetime(2026, 3, 8, 6, 59, tzinfo=UTC))
    after = place_at(plan, datetime(2026, 3, 8, 7, 0, tzinfo=UTC))
    assert before and after
    assert (before.day, before.slot, after.day, after.slot) == (6, 1, 6, 3)
    next_day = place_at(plan, datetime(2026, 3, 9, 4, 0, tzinfo=UTC))
    assert next_day
    assert (next_day.week, next_day.day, next_day.slot) == (1, 0, 0)
    assert plan.ends - plan.begins == timedelta(weeks=4) - timedelta(hours=1)


def test_the_hour_that_the_clock_gives_back_is_one_slot_of_two_hours() -> None:
    plan = a_plan(start=date(2026, 10, 26))  # the clocks change on Sunday 1 November at 2:00
    first = datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
    hours = [place_at(plan, first + timedelta(hours=n)) for n in range(3)]
    assert [place.slot for place in hours if place] == [1, 1, 2]
    again = arm_at(plan, first + timedelta(hours=1, minutes=1), "c")
    assert again
    assert again.counts  # nothing switched


def test_the_same_contact_gets_the_same_arm_within_a_slot() -> None:
    plan = a_plan(hold_back_share=0.1)
    at = plan.begins + timedelta(hours=50)
    arms = {
        placed.arm
        for minute in range(60)
        if (placed := arm_at(plan, at + timedelta(minutes=minute), "c5")) is not None
    }
    assert len(arms) == 1


def test_a_plan_says_nothing_before_its_start_and_once_it_was_ended() -> None:
    plan = a_plan(hold_back_share=0.5)
    ended = msgspec.structs.replace(plan, ended_at=plan.begins + timedelta(days=3))
    assert arm_at(plan, plan.begins - timedelta(microseconds=1), "c") is None
    assert arm_at(ended, plan.begins + timedelta(days=2), "c") is not None
    assert arm_at(ended, plan.begins + timedelta(days=3), "c") is None
    assert ended.over(plan.begins + timedelta(days=3))
    assert not plan.over(plan.begins + timedelta(days=3))


@pytest.mark.parametrize(
    ("changes", "fact", "fix"),
    [
        ({"weeks": 3}, "3 weeks is not balanced", "even number"),
        ({"slot_minutes": 50}, "50 minutes", "15, 30, 60"),
        ({"washout_minutes": 31}, "31 minutes", "at most 30"),
        ({"hold_back_share": 0.6}, "0.6", f"to {MOST_HELD_BACK}"),
        ({"zone": "Mars/Base"}, "'Mars/Base'", "Europe/Berlin"),
        ({"look_days": 0}, "every 0 days", "1 or more"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_what_can(
    changes: dict[str, Any], fact: str, fix: str
) -> None:
    with pytest.raises(SlotPlanError) as refused:
        a_plan(**changes)
    assert fact in refused.value.fact
    assert fix in refused.value.fix


def test_a_pattern_that_somebody_changed_is_refused() -> None:
    plan = a_plan()
    week = plan.pattern[1]
    turned = ("0" if week[5] == "1" else "1").join((week[:5], week[6:]))
    for pattern in ((*plan.pattern[:1], turned, *plan.pattern[2:]), plan.pattern[:3], ()):
        with pytest.raises(SlotPlanError):
            check_plan(msgspec.structs.replace(plan, pattern=pattern))
