"""A customer's stored feature values brought up to date with what has happened since.

The same spec of columns that makes the SQL of the views drives this, in plain Python: it runs
where a contact is answered, beside no engine. docs/features.md says what stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from features.conditions import holds
from features.contract import Stage
from features.fresh_columns import Aged, Value, carried_on, grown
from features.fresh_events import FreshEvent
from features.fresh_plan import Group, plan_of
from features.stages import LEADS_TO
from features.subjects import EVENTS

_SECONDS_A_DAY = 86_400.0
_FURTHEST_FIRST = (*LEADS_TO, Stage.PROSPECT)


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
    if elapsed:
        for place in plan.growing:
            made[place] = grown(values[place], elapsed)
    for view, groups in plan.groups.items():
        happened = [
            Aged(_days_between(event.occurred_at, now), event.row)
            for event in since
            if event.view == view
        ]
        for group in groups if happened or elapsed else ():
            fresh = [one for one in happened if holds(group.condition, one.row)] if happened else ()
            if fresh or _emptied(group, values, elapsed=elapsed):
                for placed in group.columns:
                    made[placed.place] = carried_on(
                        placed, stored=values, made=made, fresh=fresh, elapsed_days=elapsed
                    )
    stage_now, entered = _stage_since(since, stage=stage, now=now)
    if entered is not None and plan.days_in_stage is not None:
        made[plan.days_in_stage] = entered
    return Fresh(tuple(made), stage_now, left_out=len(events) - len(since))


def _emptied(group: Group, values: Sequence[Value], *, elapsed: float) -> bool:
    """Return whether the last row of the group has left one of its windows meanwhile."""
    last = values[group.recency] if group.recency is not None else None
    if not isinstance(last, int | float):
        return False
    for days in group.windows:
        if days >= last:
            return days < last + elapsed
    return False


def _stage_since(
    events: Sequence[FreshEvent], *, stage: str, now: datetime
) -> tuple[str, float | None]:
    """Return the stage now, and how many days ago a fresh event led to it (None: none did)."""
    for further in _FURTHEST_FIRST if events else ():
        if further == stage:
            break
        leading = [
            _days_between(event.occurred_at, now)
            for event in events
            if event.view == EVENTS.view and event.row.get("kind") in LEADS_TO.get(further, ())
        ]
        if leading:
            return further, max(leading)
    return stage, None


def _days_between(earlier: datetime, later: datetime) -> float:
    """Return the days between two instants, 0 where a clock has gone back."""
    return max((later - earlier).total_seconds(), 0.0) / _SECONDS_A_DAY
