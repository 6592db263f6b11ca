"""Amazon Connect: the event of a contact flow in, a flat map of texts out (STRING_MAP)."""

from __future__ import annotations

from functools import partial

import msgspec

from routing.answer import Decision
from serving import examples
from serving.adapters.connect_event import (
    EXAMPLE,
    LONGEST_NOTE,
    ConnectEvent,
    as_contact,
    seconds_ahead,
)
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.routers_file import ConnectSettings
from serving.endpoints import Endpoint, Example
from serving.identity import Use

# What a function may answer, and what all attributes of a contact may hold together.
ANSWER_LIMIT_BYTES = 32_768


def flat_answer(
    decision: Decision, _event: ConnectEvent, *, settings: ConnectSettings
) -> dict[str, str]:
    """Return the answer as STRING_MAP: one level, texts alone, under 32 KB."""
    route = decision.route
    values = {
        "queue": route.queue,
        "priority": str(route.priority),
        "value_group": decision.value_group,
        "decision_id": decision.decision_id,
        "source": decision.source.value,
        "queue_time_adjustment_seconds": str(seconds_ahead(decision, settings)),
        "skills": ";".join(f"{name}={level}" for name, level in sorted(route.skills.items())),
        "centre": route.centre or "",
        "offer": next((one.offer_id for one in decision.handling.offers if one.present), ""),
        "arm": decision.arm.value,
        "strategy_set": decision.strategy_set or "",
    }
    for place, fallback in enumerate(route.fallbacks, start=1):
        values[f"fallback_{place}_queue"] = fallback.queue
        values[f"fallback_{place}_after_seconds"] = str(fallback.after_seconds)
    values["why"] = (decision.why or "")[:LONGEST_NOTE]
    values["note"] = decision.handling.note[:LONGEST_NOTE]
    return _fitted(values)


def _fitted(values: dict[str, str]) -> dict[str, str]:
    """Leave the last values out where all together would be over the limit."""
    kept, left = {}, ANSWER_LIMIT_BYTES - len("{}")
    for name, value in values.items():
        left -= len(msgspec.json.encode({name: value}))
        if left >= 0:
            kept[name] = value
    return kept


ATTRIBUTES = Endpoint(
    method="POST",
    path="/v1/adapters/connect",
    summary="Amazon Connect: a Lambda event in, a flat STRING_MAP out",
    text=(
        "Takes the event of a contact flow as AWS Lambda gets it. Parameters of the block, and"
        " attributes of the contact, may hold partner, customer_id, reason, name, street, postcode"
        " and deadline_ms. The flow reads the answer at $.External; it is under 32 KB."
    ),
    use=Use.DECIDE,
    body=ConnectEvent,
    answer=dict[str, str],
    examples=(
        Example(
            "a lead who is known by phone",
            EXAMPLE,
            flat_answer(examples.DECISION, EXAMPLE, settings=ConnectSettings()),
        ),
    ),
    problems=REFUSALS,
)


def adapter(settings: ConnectSettings) -> Adapter[ConnectEvent]:
    """Return the adapter that answers a flat map."""
    return Adapter(
        name="connect",
        endpoint=ATTRIBUTES,
        contact_of=as_contact,
        answer_of=partial(flat_answer, settings=settings),
        deadline_ms=settings.deadline_ms,
    )
