"""A customer's stored feature values brought up to date with what has happened since.

The same spec of columns that makes the SQL of the views drives this, in plain Python: it runs
where a contact is answered, beside no engine. docs/features.md says what stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from features.contract import Stage
from features.fresh_columns import NUMBER, Aged, Value, carried_on
from features.fresh_events import FreshEvent
from features.fresh_plan import Group, Plan, plan_of
from features.stages import LEADS_TO
from features.subjects import EVENTS

_SECONDS_A_DAY = 86_400.0
_FURTHEST_FIRST = (*LEADS_TO, Stage.PROSPECT)
_STAGE_OF = {kind: stage for stage, kinds in LEADS_TO.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Fresh:
    """The values now, in the order of their names, and the stage now.

    `left_out` counts the events before the stored instant: the values may hold them already.
    """

    values: tuple[Value, ...]
    stage: str
    left_out: int = 0


def fresh_values(
    values: Sequence[Value],
    *,
    names: tuple[str, ...],
    stage: str,
    events: Sequence[FreshEvent] = (),
    as_of: datetime,
    now: datetime,
) -> Fresh:
    """Return the values and stage at `now` of a customer whose stored ones were made at `as_of`.

    Days-since grow by the time gone by. Every event of [as_of, now] enters each column that
    counts it, and a later one counts as of now; earlier ones are left out. Columns that the
    catalogue does not know, demographics and the customer record stay as they are. A count, sum,
    mean or trend may be off by rows that have left its window since `as_of`: the vector shows
    that only where the last of them has left. Times are aware.
    """
    plan = plan_of(names)
    elapsed = _days_between(as_of, now)
    since = [event for event in events if event.occurred_at >= as_of]
    made = list(values)
    changed: dict[Group, list[Aged]] = {}
    if elapsed:
        for place in plan.growing:
            days = values[place]
            made[place] = days + elapsed if isinstance(days, NUMBER) and days == days else None
        changed = {group: [] for group in _emptied(plan, values, elapsed=elapsed)}
    for event in since:
        aged = Aged(_days_between(event.occurred_at, now), event.row)
        for group in plan.groups[event.view].counting(event.row):
            changed.setdefault(group, []).append(aged)
    for group, fresh in changed.items():
        for placed in group.columns:
            made[placed.place] = carried_on(
                placed, stored=values, made=made, fresh=fresh, elapsed_days=elapsed
            )
    stage_now, entered = _stage_since(since, stage=stage, now=now) if since else (stage, None)
    if entered is not None and plan.days_in_stage is not None:
        made[plan.days_in_stage] = entered
    return Fresh(tuple(made), stage_now, len(events) - len(since))


def _emptied(plan: Plan, values: Sequence[Value], *, elapsed: float) -> Iterator[Group]:
    """Yield the groups whose last row has left one of their windows meanwhile."""
    for recency, windows, group in plan.leaving:
        last = values[recency]
        if not isinstance(last, NUMBER) or last > windows[-1]:
            continue
        for days in windows:
            if days >= last:
                if days < last + elapsed:
                    yield group
                break


def _stage_since(
    events: Sequence[FreshEvent], *, stage: str, now: datetime
) -> tuple[str, float | None]:
    """Return the stage now, and how many days ago a fresh event led to it (None: none did)."""
    led = [
        (_STAGE_OF[kind], event.occurred_at)
        for event in events
        if event.view == EVENTS.view and (kind := event.row.get("kind")) in _STAGE_OF
    ]
    for further in _FURTHEST_FIRST if led else ():
        if further == stage:
            break
        leading = [_days_between(at, now) for to, at in led if to == further]
        if leading:
            return further, max(leading)
    return stage, None


def _days_between(earlier: datetime, later: datetime) -> float:
    """Return the days between two instants, 0 where a clock has gone back."""
    seconds = (later - earlier).total_seconds()
    return seconds / _SECONDS_A_DAY if seconds > 0.0 else 0.0
