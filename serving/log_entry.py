"""What the decision log keeps: a decision, an outcome, and a gap where decisions are missing."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

import msgspec


class LoggedDecision(msgspec.Struct, frozen=True, gc=False):
    """One decision with everything that it rested on; fields are the table's columns, in order.

    `decided_at` is a ready text (`instant_text`); `in_force` names the record of all that was in
    force; `stages` says in JSON how many microseconds each stage took, where that was measured.
    """

    decision_id: str
    contact_id: str
    partner: str | None
    customer_id: str | None
    identified_by: str | None
    decided_at: str
    source: str
    why: str | None
    value_group: str | None
    queue: str
    offer_id: str | None
    arm: str
    probability: float
    strategy_set: str | None
    model_set: str | None
    asked_by: str
    microseconds: int
    request: str
    answer: str
    in_force: str | None = None
    stages: str | None = None


class LoggedOutcome(msgspec.Struct, frozen=True, gc=False):
    """What came of one offer of one decision; `revenue` is margin in money, None if unknown."""

    decision_id: str
    offer_id: str
    accepted: bool
    revenue: float | None
    occurred_at: datetime
    received_at: datetime


class Gap(msgspec.Struct, frozen=True):
    """Decisions that were answered and are not in the log, from the first to the last of them.

    `decisions` is how many; 0 with a reason alone, such as a file that was put aside.
    """

    began_at: str
    ended_at: str
    decisions: int
    why: str


class Stored(Enum):
    """What became of an outcome that was taken."""

    NEW = "stored"
    REPEATED = "stored_before"


def instant_text(time: datetime) -> str:
    """Return an instant as the log writes it: UTC, microseconds, +00:00."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")
