"""Completing a strategy: what the caller asks for now may change where the strategy sends them."""

from __future__ import annotations

import msgspec

from routing.contact import ContactReason
from routing.strategy import Handling, Route, Strategy
from routing.tasks import Task, route_to, task_of

# From this likelihood on, an offer not asked for is worth bringing up with a caller who asked
# for service. A business choice, not a measurement (docs/decisions/043).
PROACTIVE_LIKELIHOOD = 0.25

_SERVICE_REASONS = frozenset({ContactReason.BILLING, ContactReason.CHANGE})
# Somebody with a loss, or about to leave, is helped first: never proactive, nothing presented.
_SERVICE_ALONE = frozenset({ContactReason.CLAIM, ContactReason.CANCEL})
# Why nothing is presented in the arm off.
HELD_BACK = "Held back for this contact, to measure what the offers add."
# What the agent reads where the strategy's offers are held back for this contact.
NOTHING_TO_OFFER = "Offer nothing on this contact."
_SALES_TASKS = frozenset({Task.SALES, Task.LEAD_DEVELOPMENT})


class Completion(msgspec.Struct, frozen=True):
    """The route and handling to use; `why` is None where the strategy stands as it was formed."""

    route: Route
    handling: Handling
    why: str | None


def complete(strategy: Strategy, *, reason: ContactReason | None) -> Completion:
    """Return the strategy's route and handling, changed where the reason asks for another task."""
    if reason in _SERVICE_ALONE:
        return _service_alone(strategy, reason=reason)
    if reason in _SERVICE_REASONS:
        return _service_or_proactive(strategy, reason=reason)
    task = task_of(strategy.stage)
    if reason is ContactReason.QUOTE and task in (Task.LEAD_DEVELOPMENT, Task.SERVICE):
        route = _route(Task.SALES, strategy, skills=strategy.route.skills)
        return Completion(route, strategy.handling, "Asked for a quote: sent to sales.")
    return _unchanged(strategy)


def open_to_offers(reason: ContactReason | None) -> bool:
    """Return whether a caller with this reason may be shown what nobody chose for them."""
    return reason not in _SERVICE_ALONE | _SERVICE_REASONS


def _unchanged(strategy: Strategy) -> Completion:
    return Completion(strategy.route, strategy.handling, None)


def _service_alone(strategy: Strategy, *, reason: ContactReason) -> Completion:
    words = {ContactReason.CLAIM: "Reports a claim", ContactReason.CANCEL: "Wants to cancel"}
    task = task_of(strategy.stage)
    presented = any(offer.present for offer in strategy.handling.offers)
    if task is Task.SERVICE and not presented:
        return _unchanged(strategy)
    why = f"{words[reason]}: sent to service, and nothing is offered."
    return Completion(_route(Task.SERVICE, strategy), without_offers(strategy.handling, why), why)


def _service_or_proactive(strategy: Strategy, *, reason: ContactReason) -> Completion:
    asked = f"Asked about {'a change' if reason is ContactReason.CHANGE else reason.value}"
    task = task_of(strategy.stage)
    if task is Task.ONBOARDING:  # those who handle an application answer for it
        return _unchanged(strategy)
    best = next((offer for offer in strategy.handling.offers if offer.present), None)
    if best is not None and best.likelihood >= PROACTIVE_LIKELIHOOD:
        likely = f"{best.offer_id} is likely to be taken ({best.likelihood:.0%})"
        if task in _SALES_TASKS:
            why = f"{asked}, yet {likely}: stays with {task.value.replace('_', ' ')}."
            return Completion(strategy.route, strategy.handling, why)
        route = _route(Task.SALES, strategy, skills=strategy.route.skills)
        return Completion(route, strategy.handling, f"{asked}, yet {likely}: sent to sales.")
    if task is Task.SERVICE:
        return _unchanged(strategy)
    unlikely = (
        f"{best.offer_id} is not likely enough ({best.likelihood:.0%}) to bring up"
        if best is not None
        else "no offer is worth bringing up"
    )
    why = f"{asked}, and {unlikely}: sent to service."
    return Completion(_route(Task.SERVICE, strategy), without_offers(strategy.handling, why), why)


def _route(task: Task, strategy: Strategy, *, skills: dict[str, int] | None = None) -> Route:
    return route_to(task, group=strategy.route.priority - 1, skills=skills)


def without_offers(handling: Handling, why: str) -> Handling:
    """Return the handling with every yes turned to no, for this reason, and no advice to offer."""
    offers = tuple(
        msgspec.structs.replace(offer, present=False, why=why) if offer.present else offer
        for offer in handling.offers
    )
    return msgspec.structs.replace(handling, offers=offers, advice=NOTHING_TO_OFFER)
