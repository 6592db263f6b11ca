"""What an allocation under limits makes of a ranking: other yeses, another order, and why in words.

An offer that would add money and is not presented says which limit stands in the way: another
offer of more worth here, a price that others pay for what it takes, a cap or a rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from routing.allocation.batch import Floats
from routing.allocation.limits import AgentMinutes, Budget, OfferStock, SharedLimit
from routing.allocation.problem import Problem
from routing.allocation.rule import STANDINGS, Standing
from routing.offers import Offer, Ranking
from routing.strategy import RankedOffer

RESTING = "it was presented a short time ago"
CAPPED = "the customer has seen as many offers as the cap allows"
ANOTHER = "but another offer is worth more here"
FOR_A_FLOOR = "presented to meet a floor"
ELSEWHERE = "is worth more elsewhere"
_TOLD = {
    STANDINGS.index(one): one
    for one in (Standing.RESTING, Standing.CAPPED, Standing.ANOTHER, Standing.PRICED_OUT)
}


@dataclass(frozen=True, slots=True)
class Allotment:
    """How each offer of n customers stands under the limits.

    `standings` (n, m) are places in STANDINGS, in the order of the partner's offers; `takes` (m,)
    says in words what each offer takes that is worth more elsewhere.
    """

    standings: NDArray[np.int8]
    takes: tuple[str, ...]

    def ranking(self, ranking: Ranking) -> Ranking:
        """Return the ranking with the offers that are presented under the limits first."""
        present = self.standings == STANDINGS.index(Standing.PRESENT)
        usable = ranking.eligible & ranking.known & ~ranking.barred
        tier = present.astype(np.int8) + usable
        order = np.lexsort((-ranking.added_value, -tier), axis=1)
        return replace(ranking, present=present, order=order)

    def open_offers(self, ranking: Ranking) -> NDArray[np.bool_]:
        """Return (n, m): may the offer be presented at all, worth it or not."""
        shut = np.isin(self.standings, [STANDINGS.index(one) for one in _SHUT])
        return may_be_presented(ranking) & ~shut

    def told(
        self, offers: Iterable[tuple[RankedOffer, ...]], *, order: NDArray[np.intp]
    ) -> Iterator[tuple[RankedOffer, ...]]:
        """Yield the ranked offers with why the limits leave no room for some."""
        rows = zip(offers, order.tolist(), self.standings.tolist(), strict=True)
        for ranked, numbers, standings in rows:
            yield tuple(
                self._in_words(one, number, standings[number])
                for one, number in zip(ranked, numbers, strict=True)
            )

    def _in_words(self, offer: RankedOffer, number: int, place: int) -> RankedOffer:
        if offer.present and offer.added_value <= 0.0:
            return msgspec.structs.replace(offer, why=f"{offer.why}, {FOR_A_FLOOR}")
        standing = _TOLD.get(place)
        if standing is None or offer.added_value <= 0.0:
            return offer
        why = {
            Standing.RESTING: f"{offer.why}, but {RESTING}",
            Standing.CAPPED: f"{offer.why}, but {CAPPED}",
            Standing.ANOTHER: f"{offer.why}, {ANOTHER}",
            Standing.PRICED_OUT: f"{offer.why}, but {self.takes[number]} {ELSEWHERE}",
        }[standing]
        return msgspec.structs.replace(offer, why=why)


_SHUT = (Standing.RESTING, Standing.CAPPED)


def may_be_presented(ranking: Ranking) -> NDArray[np.bool_]:
    """Return (n, m): may the offer be presented to the customer, by its stage and their wish.

    Also an offer that no model knows yet, and one that marketing has paused: that is seen to when
    it comes to presenting it.
    """
    return ranking.eligible & ~ranking.asked_not_to


def takes_of(problem: Problem, *, offers: Iterable[Offer], prices: Floats) -> tuple[str, ...]:
    """Return what of the limits presenting each of a partner's offers takes, for a sentence.

    It is what costs most at the (L,) prices.
    """
    paid = prices[:, None] * problem.offer_factors()
    columns = {column_of(offer): number for number, offer in enumerate(problem.offers)}
    found = []
    for offer in offers:
        costs = paid[:, columns[column_of(offer)]]
        dearest = problem.limits.shared[int(costs.argmax())] if costs.any() else None
        found.append(_taken(dearest))
    return tuple(found)


def _taken(limit: SharedLimit | None) -> str:
    match limit:
        case AgentMinutes(licence=""):
            return "an agent's minute"
        case AgentMinutes(licence=licence):
            return f"a minute with licence {licence}"
        case OfferStock():
            return "what is left of it"
        case Budget():
            return "the money to present it"
        case _:
            return "what it takes"


def column_of(offer: Offer) -> tuple[str, str, float]:
    """Return what tells one column of offers from another, where several partners share limits.

    Partners may sell an offer of one name at different margins, not at other cost or licence.
    """
    return offer.offer_id, offer.licence, offer.presentation_cost
