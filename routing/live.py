"""A strategy formed now: where the stored one has expired, or more is known than it rests on."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import msgspec

from routing.contact import Contact
from routing.errors import RoutingError
from routing.forming import Rules
from routing.forming_one import ScoredCustomer, form_one
from routing.in_force import InForce, LiveModels
from routing.known import Known, LiveScoreError, LiveScores
from routing.offers import ASKED_NOT_TO, Offer
from routing.open_set import OpenSet
from routing.partner_rules import PartnerRules, rules_for
from routing.strategy import Reason, Strategy
from routing.vectors import unpacked

_MINUTE = len("2026-11-22 14:30")
_FAILED = "It could not be scored now:"


class FormedNow(msgspec.Struct, frozen=True):
    """The strategy formed now, None where it could not be, and why in words."""

    strategy: Strategy | None
    why: str


def formed_now(
    contact: Contact, formed: Strategy, *, in_force: InForce, now: datetime
) -> FormedNow | None:
    """Return the customer's strategy by a live score, or None where nothing asks for one.

    An expired strategy asks for it, and so do events and features that came with the contact.
    """
    strategies, live = in_force.strategies, in_force.live
    expired = formed.expires_at <= now
    if strategies is None or not (expired or contact.events or contact.features):
        return None
    if live is None:  # expired, the profile's default says so
        return None if expired else FormedNow(None, f"{_FAILED} there is no live model set.")
    try:
        known = _known(contact, formed, strategies=strategies, now=now)
        rules = in_force.rules.get(formed.partner) or _without_offers(formed.partner)
        strategy, said = _strategy(formed, known, live=live, rules=rules)
    except RoutingError as error:
        return FormedNow(None, f"{_FAILED} {error.fact}")
    return FormedNow(strategy, _why(contact, formed, expired=expired, said=said))


def _known(contact: Contact, formed: Strategy, *, strategies: OpenSet, now: datetime) -> Known:
    header = strategies.header
    vector = strategies.vector_of(formed.partner, formed.customer_id)
    if header.as_of is None or not vector:
        raise LiveScoreError(
            "there are no feature values.", fix="Form the strategies again with this version."
        )
    return Known(
        header.features,
        unpacked(vector),
        formed.stage,
        header.as_of,
        now,
        contact.events,
        contact.features,
    )


def _strategy(
    formed: Strategy, known: Known, *, live: LiveModels, rules: PartnerRules
) -> tuple[Strategy, str | None]:
    """Return the strategy, and what could not be used."""
    scores = live.scores(known, offers=rules.offer_ids)
    now = known.now
    strategy = form_one(
        ScoredCustomer(
            formed.customer_id,
            scores.stage,
            scores.offers,
            any(one.why == ASKED_NOT_TO for one in formed.handling.offers),
            formed.exempt,
            (),
            scores.life_event,
        ),
        rules=Rules(
            rules.partner,
            _open(formed, rules.offers_at(now)),
            rules.cuts,
            scores.model_set,
            now,
            now,
        ),
        reasons_of=partial(_reasons, scores, live=live),
    )
    return strategy, scores.why


def _reasons(scores: LiveScores, offer_id: str, *, live: LiveModels) -> tuple[Reason, ...]:
    return live.reasons(scores, offer_id=offer_id)


def _without_offers(partner: str) -> PartnerRules:
    return rules_for(partner, offers=(), cuts=(), standings={})


def _open(formed: Strategy, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Return the offers, barred those that limits kept from the customer when it was formed.

    A live score knows no prices: what others pay more for stays with them.
    """
    kept = {
        one.offer_id: one.why
        for one in formed.handling.offers
        if one.eligible and not one.present and one.added_value > 0.0 and one.uplift > 0.0
    }
    if not kept:
        return offers
    return tuple(
        msgspec.structs.replace(one, barred=kept[one.offer_id]) if one.offer_id in kept else one
        for one in offers
    )


def _why(contact: Contact, formed: Strategy, *, expired: bool, said: str | None) -> str:
    grounds = []
    if expired:
        minute = formed.expires_at.isoformat(" ", "minutes")[:_MINUTE]
        grounds.append(f"the strategy expired at {minute} UTC")
    if contact.events:
        count = len(contact.events)
        grounds.append(f"{count} event{'s' if count > 1 else ''} came with the contact")
    if contact.features:
        count = len(contact.features)
        grounds.append(f"{count} feature{'s' if count > 1 else ''} came with the contact")
    why = f"Scored now: {', and '.join(grounds)}."
    return f"{why} {said}" if said else why
