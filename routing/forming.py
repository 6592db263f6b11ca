"""Forming strategies: from scores of many customers to each one's route and handling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from routing.offers import Offer, OfferScores, Ranking, rank, ranked_offers
from routing.strategy import Handling, RankedOffer, Reason, Route, Signals, Strategy
from routing.tasks import Stage, route_to, task_of
from routing.value_groups import group_name, group_numbers

# Agents of the first pool have at least this level in their licences, by the contract's scale 1-5.
FIRST_LEVEL = 2
OTHER_LEVEL = 1

_STAGE_WORDS = {
    Stage.PROSPECT: "Has not enquired yet",
    Stage.LEAD: "Has enquired, not applied yet",
    Stage.NEW_BUSINESS: "Has applied, not insured yet",
    Stage.PURCHASER: "Insured with us",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all customers of a partner in one run; times are UTC and aware."""

    partner: str
    offers: tuple[Offer, ...]
    cuts: tuple[float, ...]
    model_set: str
    formed_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ScoredCustomers:
    """n customers of one partner with their scores; `keep`, `value` are those of the best offer.

    NaN where no model could say. `reasons` are ready sentences with their effect; `life_events`
    are plain words or "".
    """

    customer_ids: Sequence[str]
    stages: NDArray[np.str_]
    do_not_offer: NDArray[np.bool_]
    scores: OfferScores
    keep: NDArray[np.float64]
    value: NDArray[np.float64]
    reasons: Sequence[tuple[Reason, ...]]
    life_events: Sequence[str]


def grouping_value(
    value: NDArray[np.float64], *, do_not_offer: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (n,) the value that groups are cut by: 0 where nothing may be offered or modelled.

    The first pool is there to sell: a place in it is wasted on those who asked for no offers.
    """
    return np.where(do_not_offer | ~np.isfinite(value), 0.0, value)


def form(customers: ScoredCustomers, *, rules: Rules) -> Iterator[Strategy]:
    """Yield the strategy of each customer, in order."""
    ranking = rank(
        rules.offers,
        scores=customers.scores,
        stages=customers.stages,
        do_not_offer=customers.do_not_offer,
    )
    value = grouping_value(customers.value, do_not_offer=customers.do_not_offer)
    groups = group_numbers(value, cuts=rules.cuts).tolist()
    best = ranking.best.tolist()
    stages = customers.stages.tolist()
    for row, customer_id in enumerate(customers.customer_ids):
        offers = ranked_offers(rules.offers, ranking=ranking, row=row, stage=stages[row])
        yield Strategy(
            customer_id=customer_id,
            partner=rules.partner,
            stage=stages[row],
            value_group=group_name(groups[row]),
            signals=_signals(customers, ranking, row=row, best=best[row]),
            route=_route(rules, offers, stage=stages[row], group=groups[row], best=best[row]),
            handling=Handling(offers, _note(customers, rules, offers, row=row, best=best[row])),
            reasons=tuple(customers.reasons[row]),
            model_set=rules.model_set,
            formed_at=rules.formed_at,
            expires_at=rules.expires_at,
        )


def _signals(customers: ScoredCustomers, ranking: Ranking, *, row: int, best: int) -> Signals:
    if best < 0:
        return Signals()
    return Signals(
        accept=_rounded(ranking.scores.accept[row, best], 4),
        lapse=_rounded(ranking.scores.lapse[row, best], 4),
        keep=_rounded(customers.keep[row], 4),
        value=_rounded(customers.value[row], 2),
    )


def _rounded(number: float, digits: int) -> float | None:
    return round(float(number), digits) if np.isfinite(number) else None


def _route(
    rules: Rules, offers: tuple[RankedOffer, ...], *, stage: str, group: int, best: int
) -> Route:
    """Return the route; where an offer is to be presented its licence is needed."""
    level = FIRST_LEVEL if group == 0 else OTHER_LEVEL
    skills = {rules.offers[best].licence: level} if offers[0].present else {}
    return route_to(task_of(stage), group=group, skills=skills)


def _note(
    customers: ScoredCustomers,
    rules: Rules,
    offers: tuple[RankedOffer, ...],
    *,
    row: int,
    best: int,
) -> str:
    """Return the text for the agent: where the customer stands, what is known, what to do."""
    stage = str(customers.stages[row])
    # What a customer did not do explains a score, but gives an agent nothing to talk about.
    known = (reason.text for reason in customers.reasons[row])
    facts = [_STAGE_WORDS.get(Stage(stage), stage), *(t for t in known if t[:3] != "no ")]
    event = customers.life_events[row]
    if event and not any(event in fact for fact in facts):
        facts.append(event)
    if offers[0].present:
        todo = f"Offer {rules.offers[best].name} first."
    elif customers.do_not_offer[row]:
        todo = "Asked not to be offered anything."
    else:
        todo = "Offer nothing: no offer is worth bringing up."
    return f"{'; '.join(fact for fact in facts if fact)}. {todo}"
