"""Exploring on one contact: what is presented by chance, not by the strategy, and how likely."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from routing.allocation.exploration import NOTHING, actions_of, explore, probability_of, share_of
from routing.completion import without_offers
from routing.exploration import Exploration
from routing.offer_states import Pitches, Standings, advised, licensed, why_barred
from routing.strategy import Handling, RankedOffer, Route, Strategy

EXPLORED = "Chosen at random for this contact, to learn what it adds."
LEFT_OUT = "Left out of this contact at random, to learn what offers add."
NO_EXPLORATION = Exploration()
_FIRST_LEVEL, _OTHER_LEVEL = 2, 1  # as in forming: the least level of the first group, of others


@dataclass(frozen=True, slots=True)
class Explored:
    """What to present: `probability` is that of this, `of_nothing` that of presenting nothing.

    Both are over the draws of exploring alone, where nothing is held back. `drawn`: the contact
    chose at random, whether or not the draw fell on the strategy's own offer.
    """

    handling: Handling
    route: Route
    probability: float
    of_nothing: float
    drawn: bool


def explored(
    strategy: Strategy,
    *,
    route: Route,
    contact_id: str,
    label: str,
    standings: Standings,
    pitches: Pitches,
    exploration: Exploration,
) -> Explored | None:
    """Return what exploring makes of the contact, None where it never explores.

    That is: no share is set, the customer is exempt, nothing else may be shown to them, or the
    strategy's own offer is not among what may. An offer that marketing has stopped is never drawn.
    """
    if exploration.share <= 0.0 or strategy.exempt:
        return None
    offers = strategy.handling.offers
    policy = next((number for number, one in enumerate(offers) if one.present), NOTHING)
    may = [_may(one, strategy, standings=standings, pitches=pitches) for one in offers]
    values = [one.added_value for one in offers]
    share = share_of(
        policy,
        eligible=may,
        added_value=values,
        exempt=strategy.exempt,
        exploration=exploration,
    )
    if share <= 0.0:
        return None
    action = explore(
        contact_id,
        label=label,
        policy=policy,
        eligible=may,
        added_value=values,
        exempt=strategy.exempt,
        exploration=exploration,
    )
    handling, road = strategy.handling, route
    if action.offer != policy:
        handling = _presented(strategy.handling, action.offer, pitches=pitches)
        before = offers[policy] if policy != NOTHING else None
        road = _route(route, before=before, now=handling.offers[0], pitches=pitches)
    nothing = probability_of(NOTHING, policy=policy, actions=actions_of(may), share=share)
    return Explored(handling, road, action.probability, nothing, action.explored)


def _may(offer: RankedOffer, strategy: Strategy, *, standings: Standings, pitches: Pitches) -> bool:
    """Return whether the offer may be drawn: an agent must know its name and licence."""
    stopped = why_barred(standings.get(offer.offer_id), formed_at=strategy.formed_at)
    return offer.eligible and stopped is None and offer.offer_id in pitches


def _presented(handling: Handling, number: int, *, pitches: Pitches) -> Handling:
    """Return the handling with this offer alone presented, and first; or with none."""
    without = without_offers(handling, LEFT_OUT)
    if number == NOTHING:
        return without
    chosen = msgspec.structs.replace(without.offers[number], present=True, why=EXPLORED)
    others = (one for place, one in enumerate(without.offers) if place != number)
    return advised(msgspec.structs.replace(without, offers=(chosen, *others)), pitches=pitches)


def _route(
    route: Route, *, before: RankedOffer | None, now: RankedOffer, pitches: Pitches
) -> Route:
    """Ask for the licence of what is presented."""
    if before is not None:
        return licensed(route, before, now, pitches=pitches)
    if not now.present:
        return route
    level = _FIRST_LEVEL if route.priority == 1 else _OTHER_LEVEL
    skills = {**route.skills, pitches[now.offer_id].licence: level}
    return msgspec.structs.replace(route, skills=skills)
