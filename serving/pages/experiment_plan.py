"""The plan of an experiment as a page shows it: its facts, and which hours are on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec

from routing.slot_state import State, state_of
from routing.slots import ON, WEEK_DAYS, SlotPlan

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class PlanRow(msgspec.Struct, frozen=True):
    """The plan: times are UTC, `zone` is that of weekday and hour; `ended_at` if ended early.

    `days` is how long it was drawn for, `judged_days` how many of them are old enough to judge,
    `pattern` that of the SlotPlan.
    """

    label: str
    begins: datetime
    ends: datetime
    zone: str
    weeks: int
    days: int
    judged_days: int
    slot_minutes: int
    washout_minutes: int
    hold_back_share: float
    look_days: int
    answer_days: int
    seed: int
    why: str
    by: str
    made_at: datetime
    ended_at: datetime | None
    ended_why: str
    pattern: tuple[str, ...] = ()

    @property
    def first_day(self) -> datetime:
        """When it begins, by the clock of its zone."""
        return self.begins.astimezone(ZoneInfo(self.zone))

    @property
    def last_day(self) -> datetime:
        """When its last day begins, by the clock of its zone."""
        return self.first_day + timedelta(days=self.days - 1)

    def state(self, now: datetime) -> State:
        """Return where it stands at an aware instant."""
        return state_of(now, begins=self.begins, ends=self.ends, ended_at=self.ended_at)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a plan; `on` has one flag a slot, `hours` says in words when it is on."""

    weekday: str
    on: tuple[bool, ...]
    hours: str

    def drawn(self, left: float, top: float, width: float) -> str:
        """Return the path of an SVG that fills each slot that is on, `width` wide, 11 high."""
        box = f"h{width - 1:g}v11h-{width - 1:g}z"
        starts = (left + slot * width for slot, on in enumerate(self.on) if on)
        return "".join(f"M{start:g} {top:g}{box}" for start in starts)


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a plan, the first day of the plan first."""

    number: int
    days: tuple[Day, ...]


def plan_row(plan: SlotPlan, *, judged_days: int) -> PlanRow:
    """Return a plan as the report and the page hold it."""
    same = {
        name: getattr(plan, name)
        for name in PlanRow.__struct_fields__
        if name not in ("days", "judged_days")
    }
    return PlanRow(**same, days=plan.weeks * WEEK_DAYS, judged_days=judged_days)


def weeks_of(plan: PlanRow) -> tuple[Week, ...]:
    """Return the weeks of a plan, none where its pattern is not known."""
    first = plan.first_day.weekday()
    weeks = []
    for number, pattern in enumerate(plan.pattern, start=1):
        slots = len(pattern) // WEEK_DAYS
        days = []
        for day in range(WEEK_DAYS):
            on = tuple(slot == ON for slot in pattern[day * slots : (day + 1) * slots])
            hours = ", ".join(_spans(on, plan.slot_minutes)) or "never"
            days.append(Day(WEEKDAYS[(first + day) % WEEK_DAYS], on, hours))
        weeks.append(Week(number, tuple(days)))
    return tuple(weeks)


def _spans(on: tuple[bool, ...], minutes: int) -> Iterator[str]:
    """Yield the stretches that are on, such as `09:00 to 11:00`."""
    for standing, slots in groupby(enumerate(on), key=lambda one: one[1]):
        if standing:
            numbers = [number for number, _ in slots]
            yield f"{clock(numbers[0] * minutes)} to {clock((numbers[-1] + 1) * minutes)}"


def clock(minutes: int) -> str:
    """Return minutes since midnight as `09:00`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def minutes_of(clock: str) -> int:
    """Return `09:00` as minutes since midnight."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
