"""Forming strategies: from scores of many customers to each one's route and handling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from routing.allotment import Allotment
from routing.offers import Offer, OfferScores, Ranking, rank, ranked_offers
from routing.strategy import Handling, RankedOffer, Reason, Route, Signals, Strategy
from routing.tasks import Stage, route_to, task_of
from routing.value_groups import group_name, group_numbers

# Agents of the first pool have at least this level in their licences, by the contract's scale 1-5.
FIRST_LEVEL = 2
OTHER_LEVEL = 1

_STAGE_WORDS: dict[str, str] = {
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
    vulnerable: NDArray[np.bool_] | None = None

    @property
    def exempt(self) -> NDArray[np.bool_]:
        """(n,) nothing is tried on them: marked vulnerable, or opted out."""
        if self.vulnerable is None:
            return self.do_not_offer
        return np.asarray(self.do_not_offer | self.vulnerable)


def grouping_value(
    value: NDArray[np.float64], *, do_not_offer: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (n,) the value that groups are cut by: 0 where nothing may be offered or modelled.

    The first pool is there to sell: a place in it is wasted on those who asked for no offers.
    """
    return np.where(do_not_offer | ~np.isfinite(value), 0.0, value)


def form(
    customers: ScoredCustomers, *, rules: Rules, allotment: Allotment | None = None
) -> Iterator[Strategy]:
    """Yield the strategy of each customer, in order.

    Under limits `allotment` says what is presented; signals stay those of the best offer.
    """
    refusing = customers.do_not_offer
    ranking = rank(
        rules.offers, scores=customers.scores, stages=customers.stages, do_not_offer=refusing
    )
    stages, signals = customers.stages.tolist(), _signals(customers, ranking)
    value = grouping_value(customers.value, do_not_offer=refusing)
    ranking, offered = _offered(ranking, rules=rules, stages=stages, allotment=allotment)
    rows = zip(
        customers.customer_ids,
        stages,
        group_numbers(value, cuts=rules.cuts).tolist(),
        ranking.best.tolist(),
        offered,
        signals,
        zip(refusing.tolist(), customers.exempt.tolist(), strict=True),
        customers.reasons,
        customers.life_events,
        strict=True,
    )
    for customer_id, stage, group, best, offers, signal, (refused, exempt), reasons, event in rows:
        chosen = rules.offers[best] if offers[0].present else None
        yield Strategy(
            customer_id=customer_id,
            partner=rules.partner,
            stage=stage,
            value_group=group_name(group),
            signals=signal,
            route=route_of(chosen, stage=stage, group=group),
            handling=Handling(
                offers,
                note=note_of(stage=stage, reasons=reasons, event=event),
                advice=advice_of(chosen, refused=refused),
            ),
            reasons=reasons,
            model_set=rules.model_set,
            formed_at=rules.formed_at,
            expires_at=rules.expires_at,
            exempt=exempt,
        )


def _offered(
    ranking: Ranking, *, rules: Rules, stages: Sequence[str], allotment: Allotment | None
) -> tuple[Ranking, Iterator[tuple[RankedOffer, ...]]]:
    """Return the ranking, as it stands under limits, and each customer's offers, best first."""
    if allotment is None:
        return ranking, ranked_offers(rules.offers, ranking=ranking, stages=stages)
    limited = allotment.ranking(ranking)
    offers = ranked_offers(rules.offers, ranking=limited, stages=stages)
    return limited, allotment.told(offers, order=limited.order)


def _signals(customers: ScoredCustomers, ranking: Ranking) -> Iterator[Signals]:
    """Yield each customer's signals for the best offer, empty where there is none."""
    best = ranking.best
    rows = np.arange(len(best))
    columns = (
        _plain(ranking.scores.accept[rows, best], digits=4),
        _plain(ranking.scores.lapse[rows, best], digits=4),
        _plain(customers.keep, digits=4),
        _plain(customers.value, digits=2),
    )
    for number, *found in zip(best.tolist(), *columns, strict=True):
        yield Signals(*found) if number >= 0 else Signals()


def _plain(numbers: NDArray[np.float64], *, digits: int) -> list[float | None]:
    """Return the numbers rounded, None where there is none."""
    rounded = np.round(numbers, digits).tolist()
    return [number if math.isfinite(number) else None for number in rounded]


def route_of(chosen: Offer | None, *, stage: str, group: int) -> Route:
    """Return the route; where an offer is to be presented its licence is needed."""
    level = FIRST_LEVEL if group == 0 else OTHER_LEVEL
    return route_to(task_of(stage), group=group, skills={chosen.licence: level} if chosen else {})


def note_of(
    *,
    stage: str,
    reasons: Sequence[Reason],
    event: str,
) -> str:
    """Return the text for the agent: where the customer stands, and what is known."""
    # What a customer did not do explains a score, but gives an agent nothing to talk about.
    facts = [reason.text for reason in reasons if not reason.text.startswith("no ")]
    if event and not any(event in fact for fact in facts):
        facts.append(event)
    return f"{'; '.join((_STAGE_WORDS.get(stage, stage), *facts))}."


def advice_of(chosen: Offer | None, *, refused: bool) -> str:
    """Return what the agent is to do about the offers."""
    if chosen is not None:
        return f"Offer {chosen.name} first."
    if refused:
        return "Asked not to be offered anything."
    return "Offer nothing: no offer is worth bringing up."
