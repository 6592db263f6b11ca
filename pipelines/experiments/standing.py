"""How the experiment in force stands at an instant, without a look at any outcome."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from models.experiments.looks import look_days
from routing.slot_state import State, state_of
from routing.slots import SlotPlan, in_washout, place_at


class Standing(msgspec.Struct, frozen=True):
    """The plan's state; `on` and `counts` only while it runs, `next_look` while one is to come."""

    label: str
    state: State
    on: bool | None
    counts: bool | None
    next_switch: datetime | None
    next_look: datetime | None
    sentences: tuple[str, ...]


def standing(plan: SlotPlan, *, now: datetime) -> Standing:
    """Return what the plan says at `now`, an aware instant."""
    state = state_of(now, begins=plan.begins, ends=plan.ends, ended_at=plan.ended_at)
    place = place_at(plan, now) if state is State.RUNNING else None
    switch = _next_switch(plan, now) if place else None
    look = _next_look(plan, now) if state is not State.ENDED else None
    counts = place is not None and not in_washout(plan, now, place=place)
    return Standing(
        label=plan.label,
        state=state,
        on=place.on if place else None,
        counts=counts if place else None,
        next_switch=switch,
        next_look=look,
        sentences=_sentences(plan, state, on=bool(place and place.on), switch=switch, look=look),
    )


def _next_switch(plan: SlotPlan, now: datetime) -> datetime | None:
    """Return when the slots next change from on to off or back, to the minute."""
    standing_now = place_at(plan, now)
    minute = now.replace(second=0, microsecond=0)
    while standing_now is not None:
        minute += timedelta(minutes=1)
        place = place_at(plan, minute)
        if place is None or place.on != standing_now.on:
            return minute
    return None


def _next_look(plan: SlotPlan, now: datetime) -> datetime | None:
    waited = timedelta(days=plan.answer_days)
    known = (
        plan.after_days(day) + waited for day in look_days(plan.weeks * 7, every=plan.look_days)
    )
    return next((at for at in known if at > now), None)


def _sentences(
    plan: SlotPlan, state: State, *, on: bool, switch: datetime | None, look: datetime | None
) -> tuple[str, ...]:
    said = [f"Experiment {plan.label}, by {plan.by}: {plan.why}"]
    match state:
        case State.WAITING:
            said.append(f"It begins at {_time(plan.begins)}.")
        case State.RUNNING:
            until = f" until {_time(switch)}" if switch else ""
            said.append(f"The offers are {'on' if on else 'off'} now{until}.")
            said.append(f"It runs until {_time(plan.ends)}.")
        case State.OVER:
            said.append(f"Its slots ended at {_time(plan.ends)}.")
        case State.ENDED if plan.ended_at is not None:
            said.append(f"It was ended at {_time(plan.ended_at)}: {plan.ended_why}")
        case State.ENDED:
            pass
    if plan.hold_back_share > 0 and state in (State.RUNNING, State.OVER):
        said.append(f"{plan.hold_back_share:.1%} of the customers are offered nothing.")
    if look is not None:
        said.append(f"The next look is due at {_time(look)}: callworth experiment analyse")
    return tuple(said)


def _time(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
