"""Whether marketing lets an offer be presented, and what that makes of a strategy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import msgspec

from routing.completion import NOTHING_TO_OFFER
from routing.offers import Offer
from routing.strategy import Handling, RankedOffer, Route, Strategy

APPROVED_AGAIN = "approved again by marketing: from the next strategy set on"


class OfferState(StrEnum):
    """What marketing decided; an offer that nobody decided on is approved."""

    APPROVED = "approved"
    PAUSED = "paused"
    ENDED = "ended"


# What may follow: an ended offer is not paused, only approved anew.
NEXT: Mapping[OfferState, tuple[OfferState, ...]] = MappingProxyType(
    {
        OfferState.APPROVED: (OfferState.PAUSED, OfferState.ENDED),
        OfferState.PAUSED: (OfferState.APPROVED, OfferState.ENDED),
        OfferState.ENDED: (OfferState.APPROVED,),
    }
)


class Standing(msgspec.Struct, frozen=True):
    """What was decided on an offer last: the state, the reason given, and when (UTC, aware)."""

    state: OfferState
    why: str
    since: datetime


class Pitch(msgspec.Struct, frozen=True, array_like=True):
    """What an agent needs to present an offer: its name, and the licence."""

    name: str
    licence: str


Standings = Mapping[str, Standing]
Pitches = Mapping[str, Pitch]
NOTHING_DECIDED: Standings = MappingProxyType({})
NO_PITCHES: Pitches = MappingProxyType({})


def why_barred(standing: Standing | None, *, formed_at: datetime) -> str | None:
    """Return why an offer may not be presented by a strategy formed then, or None where it may.

    A pause or an end holds at once; an approval only for strategies formed after it.
    """
    if standing is None:
        return None
    if standing.state is OfferState.APPROVED:
        return APPROVED_AGAIN if formed_at < standing.since else None
    return f"{standing.state} by marketing: {standing.why}"


def with_standings(
    offers: Iterable[Offer], *, standings: Standings, formed_at: datetime
) -> tuple[Offer, ...]:
    """Return the offers, each barred that strategies formed then may not present."""
    return tuple(
        msgspec.structs.replace(
            offer, barred=why_barred(standings.get(offer.offer_id), formed_at=formed_at) or ""
        )
        for offer in offers
    )


def as_it_stands(
    strategy: Strategy, *, standings: Standings, pitches: Pitches = NO_PITCHES
) -> tuple[Strategy, str | None]:
    """Return the strategy without the offers that marketing has stopped since, and why, or None.

    The next offer to present moves up; advice and licence follow it.
    """
    if not standings:
        return strategy, None
    barred = _barred(strategy, standings)
    if not barred:
        return strategy, None
    offers = [
        msgspec.structs.replace(offer, present=False, why=barred[offer.offer_id])
        if offer.offer_id in barred
        else offer
        for offer in strategy.handling.offers
    ]
    offers.sort(key=lambda offer: not offer.present)  # stable: those to present keep their order
    why = " ".join(f"{offer_id} is {said}." for offer_id, said in barred.items())
    first_before = next(offer for offer in strategy.handling.offers if offer.present)
    handling = msgspec.structs.replace(strategy.handling, offers=tuple(offers))
    route = strategy.route
    if first_before.offer_id in barred:
        handling = advised(handling, pitches=pitches)
        route = licensed(route, first_before, offers[0], pitches=pitches)
    return msgspec.structs.replace(strategy, handling=handling, route=route), why


def _barred(strategy: Strategy, standings: Standings) -> dict[str, str]:
    """Return the offers that the strategy would present and may not, with why."""
    found = {}
    for offer in strategy.handling.offers:
        if offer.present:
            why = why_barred(standings.get(offer.offer_id), formed_at=strategy.formed_at)
            if why is not None:
                found[offer.offer_id] = why
    return found


def advised(handling: Handling, *, pitches: Pitches) -> Handling:
    """Return the handling with the advice that fits its first offer."""
    first = handling.offers[0]
    if not first.present:
        return msgspec.structs.replace(handling, advice=NOTHING_TO_OFFER)
    pitch = pitches.get(first.offer_id)
    name = pitch.name if pitch else first.offer_id
    return msgspec.structs.replace(handling, advice=f"Offer {name} first.")


def licensed(route: Route, before: RankedOffer, now: RankedOffer, *, pitches: Pitches) -> Route:
    """Return the route with the licence of the offer that moved up, or of none without one.

    Sets of earlier versions do not say which licence an offer needs: there the skills stay.
    """
    if not now.present:
        return msgspec.structs.replace(route, skills={})
    old, new = pitches.get(before.offer_id), pitches.get(now.offer_id)
    if old is None or new is None or old.licence not in route.skills:
        return route
    skills = {skill: level for skill, level in route.skills.items() if skill != old.licence}
    return msgspec.structs.replace(route, skills={**skills, new.licence: route.skills[old.licence]})
