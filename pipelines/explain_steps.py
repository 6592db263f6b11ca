"""The steps of one decision in words: who, by what, from which set, which arm, what changed."""

from __future__ import annotations

from collections.abc import Iterator

from routing.answer import Arm, Decision, Source
from routing.contact import Contact
from routing.in_force import Record
from serving.log_entry import LoggedDecision

_SOURCES = {
    Source.STRATEGY: "The strategy was used as it was formed.",
    Source.COMPLETED: "The strategy was completed with what was known only then.",
    Source.LIVE: "The strategy was formed for this contact, by a score of that moment.",
    Source.PROFILE: "The defaults of the customer's stage were used.",
    Source.DEFAULT: "The defaults of the partner were used.",
}
_ARMS = {
    Arm.ON: "on: the offers as the strategy ranks them",
    Arm.OFF: "off: no offer, to measure what offers add",
    Arm.EXPLORE: "explore: drawn at random, to learn what each offer adds",
}


def steps_of(
    entry: LoggedDecision,
    decision: Decision | None,
    *,
    contact: Contact | None,
    record: Record | None,
) -> tuple[str, ...]:
    """Return one sentence or line a step, in the order in which they happened."""
    steps = [*_asked(entry, contact), *_in_force(entry, record)]
    if decision is None:
        return (*steps, f"Answered: {entry.answer}")
    return (*steps, *_who(decision), *_what(decision), *_offers(decision))


def _asked(entry: LoggedDecision, contact: Contact | None) -> Iterator[str]:
    yield f"Decision {entry.decision_id}, {entry.decided_at}, took {entry.microseconds:,} us"
    if contact is None:
        yield f"Asked by '{entry.asked_by}' for contact {entry.contact_id}: {entry.request}"
        return
    parts = [
        f"customer_id {contact.customer_id}" if contact.customer_id else None,
        f"from {contact.from_}" if contact.from_ else None,
        f"reason {contact.said.reason.value}" if contact.said.reason else None,
        f"{len(contact.events)} events" if contact.events else None,
        "features sent along" if contact.features else None,
    ]
    given = ", ".join(part for part in parts if part) or "nothing to recognise a customer by"
    who = f"Asked by '{entry.asked_by}' for contact {contact.contact_id}"
    yield f"{who}, {contact.channel}: {given}"
    if entry.stages:
        yield f"Stages in microseconds: {entry.stages}"


def _in_force(entry: LoggedDecision, record: Record | None) -> Iterator[str]:
    if record is None:
        yield f"Strategy set {entry.strategy_set or 'none'}, model set {entry.model_set or 'none'}"
        return
    yield (
        f"In force ({entry.in_force}): strategy set {record.strategy_set or 'none'},"
        f" model set {entry.model_set or 'none'}, live model set {record.live_models or 'none'},"
        f" held back {record.hold_back_share:.1%}, explored {record.explore_share:.1%}"
    )
    if record.plan is not None:
        yield f"Experiment {record.plan.label}: {record.plan.weeks} weeks from {record.plan.start}"
    for offer_id, standing in record.standings.items():
        yield f"Marketing had {offer_id} {standing.state.value}: {standing.why}"


def _who(decision: Decision) -> Iterator[str]:
    who = decision.customer
    if who is None:
        yield "Recognised: nobody"
        return
    by = who.identified_by.value.replace("_", " ")
    yield f"Recognised: {who.customer_id}, {who.stage.replace('_', ' ')}, by {by}"


def _what(decision: Decision) -> Iterator[str]:
    yield f"{_SOURCES[decision.source]} {decision.why or ''}".rstrip()
    then = "".join(f", after {f.after_seconds} s {f.queue}" for f in decision.route.fallbacks)
    yield (
        f"Value group {decision.value_group}; queue {decision.route.queue},"
        f" priority {decision.route.priority}{then}"
    )
    yield f"Arm {_ARMS[decision.arm]}; the chance of just this: {decision.probability:.4g}"


def _offers(decision: Decision) -> Iterator[str]:
    for one in decision.handling.offers:
        said = "yes" if one.present else "no "
        yield f"  {said} {one.offer_id:12} worth {one.added_value:+,.2f}  {one.why}"
    for reason in decision.reasons:
        yield f"  {reason.effect * 100:+5.1f} points  {reason.text}"
