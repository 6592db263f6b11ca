"""A strategy formed now: where the stored one has expired, or more is known than it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import msgspec

from routing.contact import Contact
from routing.errors import RoutingError
from routing.forming import Rules, note_of
from routing.forming_one import ScoredCustomer, form_one
from routing.in_force import InForce, LiveModels
from routing.known import Known, LiveScoreError, LiveScores
from routing.offer_states import with_standings
from routing.offers import ASKED_NOT_TO, Offer
from routing.open_set import OpenSet
from routing.strategy import Strategy
from routing.vectors import unpacked


@dataclass(frozen=True, slots=True)
class FormedNow:
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
    if live is None and expired:
        return None  # the profile's default says that it has expired
    try:
        known = _known(contact, formed, strategies=strategies, live=live, now=now)
        scores = known.by.scores(known.known, offers=strategies.offer_ids(formed.partner))
        strategy = _strategy(formed, scores, strategies=strategies, in_force=in_force, now=now)
    except RoutingError as error:
        return FormedNow(None, f"It could not be scored now: {error.fact}")
    strategy = _with_reasons(strategy, scores, live=known.by)
    return FormedNow(strategy, _why(contact, formed, expired=expired, said=scores.why))


@dataclass(frozen=True, slots=True)
class _Known:
    known: Known
    by: LiveModels


def _known(
    contact: Contact,
    formed: Strategy,
    *,
    strategies: OpenSet,
    live: LiveModels | None,
    now: datetime,
) -> _Known:
    header = strategies.header
    vector = strategies.vector_of(formed.partner, formed.customer_id)
    if live is None or header.as_of is None or not vector:
        missing = "no live model set" if live is None else "no feature values"
        raise LiveScoreError(
            f"there is {missing}.", fix="Promote a model set and form the strategies again."
        )
    known = Known(
        names=header.features,
        values=unpacked(vector),
        stage=formed.stage,
        as_of=header.as_of,
        now=now,
        events=contact.events,
        features=contact.features,
    )
    return _Known(known, live)


def _with_reasons(strategy: Strategy, found: LiveScores, *, live: LiveModels) -> Strategy:
    """Return the strategy with what moves the chance of its first offer, where that is known."""
    offers = strategy.handling.offers
    reasons = live.reasons(found, offer_id=offers[0].offer_id) if offers else ()
    if not reasons:
        return strategy
    note = note_of(stage=strategy.stage, reasons=reasons, event=found.life_event)
    handling = msgspec.structs.replace(strategy.handling, note=note)
    return msgspec.structs.replace(strategy, reasons=reasons, handling=handling)


def _strategy(
    formed: Strategy, found: LiveScores, *, strategies: OpenSet, in_force: InForce, now: datetime
) -> Strategy:
    offers = with_standings(
        strategies.header.offers.get(formed.partner, ()),
        standings=in_force.standings,
        formed_at=now,
    )
    cuts = strategies.header.cuts.get(formed.partner, ())
    rules = Rules(
        partner=formed.partner,
        offers=_open(formed, offers),
        cuts=tuple(math.inf if cut is None else cut for cut in cuts),
        model_set=found.model_set,
        formed_at=now,
        expires_at=now,
    )
    customer = ScoredCustomer(
        formed.customer_id,
        found.stage,
        found.offers,
        do_not_offer=any(one.why == ASKED_NOT_TO for one in formed.handling.offers),
        exempt=formed.exempt,
        life_event=found.life_event,
    )
    return form_one(customer, rules=rules)


def _open(formed: Strategy, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    """Return the offers, barred those that limits kept from the customer when it was formed.

    A live score knows no prices: what others pay more for stays with them.
    """
    kept = {
        one.offer_id: one.why
        for one in formed.handling.offers
        if one.eligible and not one.present and one.added_value > 0.0 and one.uplift > 0.0
    }
    return tuple(
        msgspec.structs.replace(one, barred=kept[one.offer_id]) if one.offer_id in kept else one
        for one in offers
    )


def _why(contact: Contact, formed: Strategy, *, expired: bool, said: str | None) -> str:
    grounds = []
    if expired:
        grounds.append(f"the strategy expired at {formed.expires_at:%Y-%m-%d %H:%M} UTC")
    if contact.events:
        count = len(contact.events)
        grounds.append(f"{count} event{'s' if count > 1 else ''} came with the contact")
    if contact.features:
        count = len(contact.features)
        grounds.append(f"{count} feature{'s' if count > 1 else ''} came with the contact")
    why = f"Scored now: {', and '.join(grounds)}."
    return f"{why} {said}" if said else why
