"""Where a plan of slots stands at an instant."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a plan stands."""

    WAITING = "waiting"
    RUNNING = "running"
    OVER = "over"
    ENDED = "ended"


def state_of(
    now: datetime, *, begins: datetime, ends: datetime, ended_at: datetime | None
) -> State:
    """Return where a plan from `begins` to `ends` stands at `now`; all are aware instants."""
    if ended_at is not None and now >= ended_at:
        return State.ENDED
    if now >= ends:
        return State.OVER
    return State.RUNNING if now >= begins else State.WAITING
