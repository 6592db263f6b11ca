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

    `standings` (n, m) are places in STANDINGS, in the order of the partner's offers; `held_back`
    (n, m) says where a cap or a rest keeps the offer from the customer; `takes` (m,) says in words
    what each offer takes that is worth more elsewhere.
    """

    standings: NDArray[np.int8]
    held_back: NDArray[np.bool_]
    takes: tuple[str, ...]

    def ranking(self, ranking: Ranking) -> Ranking:
        """Return the ranking with the offers that are presented under the limits first."""
        present = self.standings == STANDINGS.index(Standing.PRESENT)
        usable = ranking.eligible & ranking.known & ~ranking.barred
        tier = present.astype(np.int8) + usable
        order = np.lexsort((-ranking.added_value, -tier), axis=1)
        return replace(ranking, present=present, order=order)

    def told(
        self, offers: Iterable[tuple[RankedOffer, ...]], *, order: NDArray[np.intp]
    ) -> Iterator[tuple[RankedOffer, ...]]:
        """Yield the ranked offers with why the limits leave no room for some."""
        rows = zip(
            offers,
            order.tolist(),
            self.standings.tolist(),
            self.held_back.tolist(),
            strict=True,
        )
        for ranked, numbers, standings, held in rows:
            yield tuple(
                self._in_words(_shut(one) if held[number] else one, number, standings[number])
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


def _shut(offer: RankedOffer) -> RankedOffer:
    return msgspec.structs.replace(offer, eligible=False)


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
