"""What has happened to a customer since the tables were read, as rows that the views count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from features.conditions import Row
from features.contract import ACTIVITY_KINDS, EVENT_KINDS, MEDIA
from features.errors import ContractError, nearest
from features.subjects import ACTIVITY, CONTACT_HISTORY, EVENTS, TOUCHES

FRESH_KINDS = (*EVENT_KINDS, *ACTIVITY_KINDS)


@dataclass(frozen=True, slots=True)
class FreshEvent:
    """One row that `view` would count; `row` holds what its columns read."""

    view: str
    occurred_at: datetime
    row: Row


def event(kind: str, *, occurred_at: datetime, amount: float | None = None) -> FreshEvent:
    """Return a customer's event or activity of this kind; activity has no amount.

    Raises:
        ContractError: the data contract has no such kind.
    """
    if kind in EVENT_KINDS:
        return FreshEvent(EVENTS.view, occurred_at, {"kind": kind, "amount": amount})
    if kind in ACTIVITY_KINDS:
        return FreshEvent(ACTIVITY.view, occurred_at, {"kind": kind})
    raise ContractError(
        f"There is no kind of event '{kind}'.",
        fix=f"It is one of: {', '.join(FRESH_KINDS)}.{nearest(kind, FRESH_KINDS)}",
    )


def touch(medium: str, *, occurred_at: datetime, cost: float) -> FreshEvent:
    """Return a marketing touch tied to the customer, with its cost in money.

    Raises:
        ContractError: the data contract has no such medium.
    """
    if medium not in MEDIA:
        raise ContractError(
            f"There is no medium '{medium}'.",
            fix=f"It is one of: {', '.join(MEDIA)}.{nearest(medium, MEDIA)}",
        )
    return FreshEvent(TOUCHES.view, occurred_at, {"medium": medium, "cost": cost})


def past_contact(
    *, occurred_at: datetime, waited_seconds: float, reached_agent: bool, presented: bool
) -> FreshEvent:
    """Return an earlier contact of the customer; `presented` is whether an offer was."""
    row = {
        "what": "contact",
        "reached_agent": reached_agent,
        "presented": presented,
        "waited_seconds": waited_seconds,
    }
    return FreshEvent(CONTACT_HISTORY.view, occurred_at, row)


def outcome(*, occurred_at: datetime, accepted: bool) -> FreshEvent:
    """Return what came of an offer that was presented before."""
    return FreshEvent(CONTACT_HISTORY.view, occurred_at, {"what": "outcome", "accepted": accepted})


def events_of_contact(
    *, channel: str, chose: bool, at: datetime, menu_noted_first: bool
) -> tuple[FreshEvent, ...]:
    """Return what a contact that is under way adds to the features: at most its menu choice.

    The contact itself never counts: training shows each as it looked just before. `chose` says
    that the caller answered the voice menu; that counts only where the tables note such a choice
    before the contact (`menu_noted_first`), since only then did training see it too.
    """
    if channel != "voice" or not chose or not menu_noted_first:
        return ()
    return (event("voice_menu", occurred_at=at),)
