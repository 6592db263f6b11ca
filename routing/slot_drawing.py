"""Drawing a slot plan, and checking one that was stored."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from routing.drawing import fraction_of
from routing.errors import SlotPlanError
from routing.slots import DAY_MINUTES, FORMAT, OFF, ON, WEEK_DAYS, SlotPlan, coin_of

SLOT_MINUTES = (15, 30, 60, 120, 180, 240, 360, 720)
MOST_WEEKS = 52
MOST_HELD_BACK = 0.5
DEFAULT_SALT = "callworth"


def draw_plan(
    start: date,
    *,
    zone: str,
    weeks: int,
    seed: int,
    made_at: datetime,
    slot_minutes: int = 60,
    washout_minutes: int = 5,
    hold_back_share: float = 0.0,
    salt: str = DEFAULT_SALT,
    look_days: int = 7,
    answer_days: int = 7,
    why: str = "",
    by: str = "",
) -> SlotPlan:
    """Return a plan that begins at midnight of `start` in `zone`; the same seed, the same plan.

    Raises SlotPlanError that names what cannot be and what can.
    """
    day_slots = DAY_MINUTES // max(slot_minutes, 1)
    plan = SlotPlan(
        label=f"{start.isoformat()}",
        start=start,
        zone=zone,
        weeks=weeks,
        slot_minutes=slot_minutes,
        washout_minutes=washout_minutes,
        hold_back_share=hold_back_share,
        salt=salt,
        seed=seed,
        look_days=look_days,
        answer_days=answer_days,
        why=why,
        by=by,
        made_at=made_at,
        pattern=_pattern(weeks, day_slots, seed=seed),
    )
    check_plan(plan)
    return plan


def check_plan(plan: SlotPlan) -> None:
    """Raise SlotPlanError where the plan is not one that can have been drawn."""
    problem = _problem(plan)
    if problem is not None:
        raise SlotPlanError(problem[0], fix=problem[1])


def _pattern(weeks: int, day_slots: int, *, seed: int) -> tuple[str, ...]:
    """Toss the coins; a hash is the coin, so that no version of anything changes a plan."""

    def drawn(week: int, place: int) -> str:
        coin, side = coin_of(week, *divmod(place, day_slots), day_slots=day_slots)
        heads = fraction_of(f"slot\x1f{seed}\x1f{coin}") < 0.5
        return ON if heads == (side > 0) else OFF

    return tuple(
        "".join(drawn(week, place) for place in range(WEEK_DAYS * day_slots))
        for week in range(weeks)
    )


def _problem(plan: SlotPlan) -> tuple[str, str] | None:
    """Return what is wrong and what to do, or None."""
    if plan.format != FORMAT:
        return f"The plan has the form '{plan.format}'.", f"It must be '{FORMAT}'."
    if plan.slot_minutes not in SLOT_MINUTES:
        allowed = ", ".join(map(str, SLOT_MINUTES))
        return f"A slot of {plan.slot_minutes} minutes cannot be.", f"Choose one of: {allowed}."
    if plan.weeks % 2 or not 2 <= plan.weeks <= MOST_WEEKS:
        fix = (
            f"Choose an even number from 2 to {MOST_WEEKS}: each hour is on one week, off the next"
        )
        return f"A plan of {plan.weeks} weeks is not balanced.", f"{fix}."
    if plan.washout_minutes * 2 > plan.slot_minutes:
        fix = f"Choose at most {plan.slot_minutes // 2}, or longer slots."
        return f"A wash-out of {plan.washout_minutes} minutes leaves too little of a slot.", fix
    if not 0.0 <= plan.hold_back_share <= MOST_HELD_BACK:
        return (
            f"A hold-back of {plan.hold_back_share} of the customers cannot be.",
            f"Choose a share from 0 to {MOST_HELD_BACK}.",
        )
    if plan.look_days < 1:
        return "A look at the result every 0 days cannot be.", "Choose 1 or more days."
    return _zone_problem(plan.zone) or _pattern_problem(plan)


def _zone_problem(zone: str) -> tuple[str, str] | None:
    try:
        ZoneInfo(zone)
    except (OSError, ValueError, LookupError):
        return (
            f"The time zone '{zone}' is not known here.",
            "Name one such as Europe/Berlin or UTC; zones come with the system's tzdata.",
        )
    return None


def _pattern_problem(plan: SlotPlan) -> tuple[str, str] | None:
    """Say where the pattern is not balanced: each coin's four slots must stand as it fell."""
    length = WEEK_DAYS * plan.day_slots
    fix = "Restore the plan, or end it and draw another: `callworth experiment plan`."
    if len(plan.pattern) != plan.weeks or any(len(week) != length for week in plan.pattern):
        return f"The pattern is not {plan.weeks} weeks of {length} slots.", fix
    fell: dict[int, bool] = {}
    for week, slots in enumerate(plan.pattern):
        for place, drawn in enumerate(slots):
            coin, side = coin_of(week, *divmod(place, plan.day_slots), day_slots=plan.day_slots)
            heads = (drawn == ON) == (side > 0)
            if drawn not in (ON, OFF) or fell.setdefault(coin, heads) != heads:
                return f"Week {week + 1} of the pattern is not balanced.", fix
    return None
