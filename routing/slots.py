"""A slot plan: in which hours the offers are on and in which off, and for whom always off.

Two successive slots of a day form a block: one is on, the other off, by the toss of a coin, and in
the next week the other way round. So over every two weeks each weekday and hour is on as often as
off. Hours are those of the wall clock in the plan's zone: where the clock jumps forward a slot is
shorter or missing, where it goes back a slot is longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from routing.answer import Arm
from routing.drawing import fraction_of

FORMAT = "callworth-slot-plan-1"
DAY_MINUTES = 1440
WEEK_DAYS = 7
ON, OFF = "1", "0"

Count = Annotated[int, msgspec.Meta(ge=0)]


class SlotPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A drawn plan; `pattern` has one text a week, one character a slot: `1` on, `0` off.

    Day 0 of each week is the weekday of `start`, a date in `zone`. `hold_back_share` is the share
    of customers to whom nothing is ever presented, `answer_days` how long a contact's sales are
    waited for, `look_days` how often the result may be judged.
    """

    label: str
    start: date
    zone: str
    weeks: Count
    slot_minutes: Count
    washout_minutes: Count
    hold_back_share: float
    salt: str
    seed: int
    look_days: Count
    answer_days: Count
    why: str
    by: str
    made_at: datetime
    pattern: tuple[str, ...]
    ended_at: datetime | None = None
    ended_why: str = ""
    format: str = FORMAT

    @property
    def day_slots(self) -> int:
        """How many slots a day has."""
        return DAY_MINUTES // self.slot_minutes

    @property
    def begins(self) -> datetime:
        """The first instant, UTC."""
        return self._midnight(0)

    @property
    def ends(self) -> datetime:
        """The instant after the last slot, UTC, as drawn."""
        return self._midnight(self.weeks * WEEK_DAYS)

    def over(self, now: datetime) -> bool:
        """Whether the slots have ended, by time or because somebody ended them."""
        return now >= self.ends or (self.ended_at is not None and now >= self.ended_at)

    def after_days(self, days: int) -> datetime:
        """Return the instant, UTC, at which so many of its days have passed."""
        return self._midnight(days)

    def _midnight(self, day: int) -> datetime:
        local = datetime.combine(self.start + timedelta(days=day), time(), ZoneInfo(self.zone))
        return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """One slot of a plan: its week, its day within the week, its number within the day.

    `coin` is the toss that decided it (0, 1, ...), `side` is 1 where it is on when that fell heads
    and -1 where it is off then; all slots of one coin were decided by it.
    """

    week: int
    day: int
    slot: int
    coin: int
    side: int
    on: bool


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a plan says of one contact.

    `off` is the chance of being held back that any customer had here. `counts` is False in the
    wash-out after a switch, and where `place` is None: after the last slot, when only the permanent
    hold-back stands. `held` says that the customer is one of those.
    """

    arm: Arm
    off: float
    counts: bool
    held: bool
    place: Place | None

    @property
    def probability(self) -> float:
        """The chance with which this arm was chosen."""
        return self.off if self.arm is Arm.OFF else 1.0 - self.off


def place_at(plan: SlotPlan, instant: datetime) -> Place | None:
    """Return the slot of an aware instant; None before the first, after the last, once ended."""
    if plan.ended_at is not None and instant >= plan.ended_at:
        return None
    local = instant.astimezone(ZoneInfo(plan.zone))
    days = (local.date() - plan.start).days
    if not 0 <= days < plan.weeks * WEEK_DAYS:
        return None
    week, day = divmod(days, WEEK_DAYS)
    slot = (local.hour * 60 + local.minute) // plan.slot_minutes
    coin, side = coin_of(week, day, slot, day_slots=plan.day_slots)
    on = plan.pattern[week][day * plan.day_slots + slot] == ON
    return Place(week, day, slot, coin, side, on)


def arm_at(plan: SlotPlan, instant: datetime, customer_id: str) -> Assignment | None:
    """Return the arm of a contact at an aware instant, its chance, and whether it counts.

    None where the plan says nothing: before its start, and once it was ended. After its last slot
    the hold-back stands until the plan is ended.
    """
    if instant < plan.begins or (plan.ended_at is not None and instant >= plan.ended_at):
        return None
    place = place_at(plan, instant)
    held = is_held_back(plan, customer_id)
    if place is None:
        return Assignment(Arm.OFF if held else Arm.ON, plan.hold_back_share, False, held, None)
    off = plan.hold_back_share + (1.0 - plan.hold_back_share) / 2
    arm = Arm.ON if place.on and not held else Arm.OFF
    return Assignment(arm, off, not in_washout(plan, instant, place=place), held, place)


def in_washout(plan: SlotPlan, instant: datetime, *, place: Place) -> bool:
    """Whether the arm switched less than the wash-out before; before the plan all was on."""
    before = place_at(plan, instant - timedelta(minutes=plan.washout_minutes))
    return place.on != (before.on if before is not None else True)


def is_held_back(plan: SlotPlan, customer_id: str) -> bool:
    """Whether nothing is ever presented to the customer: the same people for the same salt."""
    if plan.hold_back_share <= 0.0:
        return False
    return fraction_of(f"hold-back\x1f{plan.salt}\x1f{customer_id}") < plan.hold_back_share


def coin_of(week: int, day: int, slot: int, *, day_slots: int) -> tuple[int, int]:
    """Return which coin decides a slot, and its side: 1 where heads is on, -1 where it is off."""
    coin = ((week // 2) * WEEK_DAYS + day) * (day_slots // 2) + slot // 2
    return coin, 1 if (week + slot) % 2 == 0 else -1
