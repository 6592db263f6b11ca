"""What the log keeps of an answer: an entry from a decision, or from a quick answer."""

from __future__ import annotations

import msgspec

from routing.answer import Decision, Source
from routing.contact import Contact
from routing.instants import Instant
from routing.quick import QuickAnswer
from serving.log_entry import LoggedDecision

_STRATEGY = Source.STRATEGY.value


class Asked(msgspec.Struct, frozen=True, gc=False):
    """One request: who asked, what and when, and what was in force."""

    contact: Contact
    body: bytes
    asked_by: str
    instant: Instant
    in_force: str


def entry_of(decision: Decision, asked: Asked, *, answer: bytes, seconds: float) -> LoggedDecision:
    """Return the log's entry for a decision."""
    customer = decision.customer
    return LoggedDecision(
        decision_id=decision.decision_id,
        contact_id=decision.contact_id,
        partner=decision.partner,
        customer_id=customer.customer_id if customer else None,
        identified_by=customer.identified_by.value if customer else None,
        decided_at=asked.instant.text,
        source=decision.source.value,
        why=decision.why,
        value_group=decision.value_group,
        queue=decision.route.queue,
        offer_id=next((one.offer_id for one in decision.handling.offers if one.present), None),
        arm=decision.arm.value,
        probability=decision.probability,
        strategy_set=decision.strategy_set,
        model_set=decision.model_set,
        asked_by=asked.asked_by,
        microseconds=int(seconds * 1e6),
        request=asked.body.decode("utf-8", "replace"),
        answer=answer.decode("utf-8"),
        in_force=asked.in_force,
    )


def entry_of_quick(quick: QuickAnswer, asked: Asked, *, seconds: float) -> LoggedDecision:
    """Return the log's entry for a quick answer."""
    ready = quick.ready
    # In the order of the columns: names would take half the time of all the rest.
    return LoggedDecision(
        quick.decision_id, asked.contact.contact_id, ready.partner, ready.customer_id,
        quick.identified_by, asked.instant.text, _STRATEGY, quick.why, ready.value_group,
        ready.queue, quick.offer_id, quick.arm, quick.probability, quick.strategy_set,
        ready.model_set, asked.asked_by, int(seconds * 1e6), asked.body.decode("utf-8", "replace"),
        quick.body.decode("utf-8"), asked.in_force,
    )  # fmt: skip
