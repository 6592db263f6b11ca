"""The answer a router gets, as objects with names: what the API shows of a strategy."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from routing.strategy import Handling, Route, Signals, Strategy


class Source(StrEnum):
    """What an answer is based on; each step down from `strategy` says why."""

    STRATEGY = "strategy"  # as formed beforehand
    COMPLETED = "completed"  # the strategy, changed by what is known only now
    LIVE = "live"  # formed for this contact, by a score of this moment
    PROFILE = "profile"  # the defaults of the customer's stage
    DEFAULT = "default"  # the defaults of the partner


class IdentifiedBy(StrEnum):
    """What the customer was recognised by."""

    CUSTOMER_ID = "customer_id"
    PHONE = "phone"
    ANSWERS = "answers"


class Arm(StrEnum):
    """`on`: the strategy as it is; `off`: no offer presented, to measure what offers add;
    `explore`: an offer or nothing, drawn at random, to learn what each adds.
    """

    ON = "on"
    OFF = "off"
    EXPLORE = "explore"


class ShownCustomer(msgspec.Struct, frozen=True):
    """Who the contact comes from."""

    customer_id: str
    identified_by: IdentifiedBy
    stage: str


class ShownSignals(msgspec.Struct, frozen=True):
    """The modelled quantities for the best offer; null where no model could say."""

    accept: float | None
    lapse: float | None
    keep: float | None
    value: float | None


class ShownFallback(msgspec.Struct, frozen=True):
    """A queue to try after so many seconds in the one before."""

    queue: str
    after_seconds: int


class ShownRoute(msgspec.Struct, frozen=True):
    """Where: priority 1 is served first; skills with the least level an agent must have."""

    queue: str
    priority: int
    skills: dict[str, int]
    centre: str | None
    fallbacks: tuple[ShownFallback, ...]


class ShownOffer(msgspec.Struct, frozen=True):
    """One offer: whether to present it, and why."""

    offer_id: str
    present: bool
    likelihood: float
    uplift: float
    added_value: float
    why: str


class ShownHandling(msgspec.Struct, frozen=True):
    """How: the offers, best first, and the text for the agent."""

    offers: tuple[ShownOffer, ...]
    note: str


class ShownReason(msgspec.Struct, frozen=True):
    """One main driver in plain words, with its pull on the probability of acceptance.

    Both come from the profile's linear model, averaged over the offers and against the average
    customer: an approximation where a tree model decides. Those of a live answer are the answering
    model's own, for its first offer.
    """

    text: str
    effect: float


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one contact: always a route, what it is based on and why.

    `probability` is the chance with which exactly this is presented, whichever way it came about;
    times are UTC and aware.
    """

    decision_id: str
    contact_id: str
    source: Source
    why: str | None
    partner: str | None
    customer: ShownCustomer | None
    value_group: str
    signals: ShownSignals | None
    route: ShownRoute
    handling: ShownHandling
    reasons: tuple[ShownReason, ...]
    arm: Arm
    probability: float
    strategy_set: str | None
    model_set: str | None
    formed_at: datetime | None
    expires_at: datetime | None


class ShownStrategy(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's strategy as objects with names."""

    customer_id: str
    partner: str
    stage: str
    value_group: str
    signals: ShownSignals
    route: ShownRoute
    handling: ShownHandling
    reasons: tuple[ShownReason, ...]
    strategy_set: str
    model_set: str
    formed_at: datetime
    expires_at: datetime


def shown_signals(signals: Signals) -> ShownSignals:
    """Return the signals as an object with names."""
    return ShownSignals(signals.accept, signals.lapse, signals.keep, signals.value)


def shown_route(route: Route) -> ShownRoute:
    """Return the route as an object with names."""
    fallbacks = tuple([ShownFallback(one.queue, one.after_seconds) for one in route.fallbacks])
    return ShownRoute(route.queue, route.priority, route.skills, route.centre, fallbacks)


def shown_handling(handling: Handling) -> ShownHandling:
    """Return the handling as an object with names."""
    offers = [
        ShownOffer(o.offer_id, o.present, o.likelihood, o.uplift, o.added_value, o.why)
        for o in handling.offers
    ]
    note, advice = handling.note, handling.advice
    return ShownHandling(tuple(offers), f"{note} {advice}" if note and advice else note or advice)


def shown_reasons(strategy: Strategy) -> tuple[ShownReason, ...]:
    """Return the strategy's reasons as objects with names."""
    return tuple([ShownReason(one.text, one.effect) for one in strategy.reasons])


def shown_strategy(strategy: Strategy, *, strategy_set: str) -> ShownStrategy:
    """Return the strategy, of the set with that label, as an object with names."""
    return ShownStrategy(
        customer_id=strategy.customer_id,
        partner=strategy.partner,
        stage=strategy.stage,
        value_group=strategy.value_group,
        signals=shown_signals(strategy.signals),
        route=shown_route(strategy.route),
        handling=shown_handling(strategy.handling),
        reasons=shown_reasons(strategy),
        strategy_set=strategy_set,
        model_set=strategy.model_set,
        formed_at=strategy.formed_at,
        expires_at=strategy.expires_at,
    )
