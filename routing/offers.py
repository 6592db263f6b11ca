"""Offers for customers: what presenting each adds, in money; yes or no; and the sentence why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from routing.errors import OfferCatalogueError
from routing.strategy import RankedOffer

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NOT_ELIGIBLE = "not eligible at stage"
ASKED_NOT_TO = "asked not to be offered anything"
NOT_MODELLED = "the model set does not know this offer yet"


class Offer(msgspec.Struct, frozen=True):
    """A product pitch; `margin`, `presentation_cost`, `lapse_cost` are money per sale or contact.

    `maturity_days`: a sale kept that long counts as kept. `barred`: why it may be presented to
    nobody now, or "".
    """

    offer_id: str
    name: str
    margin: float
    presentation_cost: float
    lapse_cost: float
    licence: str
    eligible_stages: frozenset[str]
    maturity_days: int
    barred: str = ""


@dataclass(frozen=True, slots=True)
class OfferScores:
    """Probabilities (n customers, k offers): acceptance when presented, purchase when not, lapse.

    NaN where the model set does not know the offer. `uplift` is what presenting adds to the chance
    of a purchase; where it is None or NaN, that is `accept` less `baseline`.
    """

    accept: Floats
    baseline: Floats
    lapse: Floats
    uplift: Floats | None = None

    @property
    def added_chance(self) -> Floats:
        """The (n, k) uplift; where no model could say who buys unasked, nobody is taken to."""
        difference = self.accept - np.nan_to_num(self.baseline)
        if self.uplift is None:
            return np.asarray(difference)
        # An offer that has no acceptance model is not known, whatever its effect.
        known = np.isfinite(self.uplift) & np.isfinite(self.accept)
        return np.where(known, self.uplift, difference)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The offers of n customers, judged; every array is (n, k), `order` holds offer numbers.

    Presented offers come first, then the other eligible ones that may be presented, each by added
    value; ties keep the catalogue's order.
    """

    scores: OfferScores
    uplift: Floats
    added_value: Floats
    eligible: Flags
    known: Flags
    asked_not_to: Flags
    present: Flags
    barred: Flags
    order: NDArray[np.intp]

    @property
    def best(self) -> NDArray[np.intp]:
        """The number of each customer's best eligible offer, -1 where there is none; (n,)."""
        first = self.order[:, 0]
        usable = (self.eligible & self.known & ~self.barred)[np.arange(len(first)), first]
        return np.where(usable, first, -1)


def added_values(offers: Sequence[Offer], *, uplift: Floats, lapse: Floats) -> Floats:
    """Return (n, k) money that presenting adds to a contact, cost and lapse included."""
    margin = np.array([offer.margin for offer in offers])
    cost = np.array([offer.presentation_cost for offer in offers])
    lapse_cost = np.array([offer.lapse_cost for offer in offers])
    return np.asarray(uplift * (margin * (1.0 - lapse) - lapse_cost * lapse) - cost)


def eligible_at(offers: Sequence[Offer], *, stages: NDArray[np.str_]) -> Flags:
    """Return (n, k): may the offer be presented at the customer's stage."""
    found = [np.isin(stages, sorted(offer.eligible_stages)) for offer in offers]
    return np.column_stack(found) if found else np.zeros((len(stages), 0), dtype=bool)


def rank(
    offers: Sequence[Offer],
    *,
    scores: OfferScores,
    stages: NDArray[np.str_],
    do_not_offer: Flags,
) -> Ranking:
    """Return the offers of n customers judged and ranked; OfferCatalogueError for other shapes.

    Where no model could say (NaN), nobody is taken to buy unasked, nor to lapse.
    """
    shape = (len(stages), len(offers))
    given = (scores.accept, scores.baseline, scores.lapse, scores.uplift)
    if not offers or any(each is not None and each.shape != shape for each in given):
        raise OfferCatalogueError(
            f"The scores have shape {scores.accept.shape} where {shape} is needed.",
            fix="Give one column of scores for each of at least one offer.",
        )
    uplift = scores.added_chance
    added = added_values(offers, uplift=uplift, lapse=np.nan_to_num(scores.lapse))
    known = np.isfinite(added)
    uplift, added = np.where(known, uplift, 0.0), np.where(known, added, 0.0)
    eligible = eligible_at(offers, stages=stages)
    asked_not_to = np.broadcast_to(do_not_offer[:, None], shape)
    barred = np.broadcast_to(np.array([bool(offer.barred) for offer in offers]), shape)
    usable = eligible & known & ~barred
    present = usable & ~asked_not_to & (uplift > 0.0) & (added > 0.0)
    tier = present.astype(np.int8) + usable
    order = np.lexsort((-added, -tier), axis=1)
    return Ranking(scores, uplift, added, eligible, known, asked_not_to, present, barred, order)


def ranked_offers(
    offers: Sequence[Offer], *, ranking: Ranking, stages: Sequence[str]
) -> Iterator[tuple[RankedOffer, ...]]:
    """Yield each customer's offers, best first, each with its yes or no and why.

    An offer that is not eligible or not modelled has likelihood, uplift and added value 0.
    """
    judged = ranking.eligible & ranking.known
    ids = [offer.offer_id for offer in offers]
    barred = [offer.barred for offer in offers]
    # Plain lists: reading single numbers out of arrays would take most of the time.
    rows = zip(
        stages,
        ranking.order.tolist(),
        ranking.present.tolist(),
        _plain(ranking.scores.accept, where=judged, digits=4),
        _plain(ranking.uplift, where=judged, digits=4),
        _plain(ranking.added_value, where=judged, digits=2),
        ranking.eligible.tolist(),
        ranking.known.tolist(),
        ranking.asked_not_to.tolist(),
        strict=True,
    )
    for stage, order, present, likelihood, uplift, added, eligible, known, asked in rows:
        yield tuple(
            RankedOffer(
                ids[n],
                present[n],
                likelihood[n],
                uplift[n],
                added[n],
                why_offered(uplift[n], added[n])
                if eligible[n] and known[n] and not asked[n] and not barred[n]
                else why_not(eligible[n], asked[n], barred[n], stage=stage),
                eligible[n] and not asked[n],
            )
            for n in order
        )


def _plain(numbers: Floats, *, where: Flags, digits: int) -> list[list[float]]:
    plain: list[list[float]] = np.round(np.where(where, numbers, 0.0), digits).tolist()
    return plain


def why_not(eligible: bool, asked_not_to: bool, barred: str, *, stage: str) -> str:
    """Return the sentence for an offer that may not be presented, or is not modelled."""
    if not eligible:
        return f"{NOT_ELIGIBLE} {stage.replace('_', ' ')}"
    return ASKED_NOT_TO if asked_not_to else barred or NOT_MODELLED


def why_offered(uplift: float, added: float) -> str:
    """Return the sentence for an eligible offer, from its uplift and its added value in money."""
    points = f"{abs(uplift) * 100:.1f} points"
    if uplift <= 0.0:
        if points == "0.0 points":
            return "presenting does not raise the chance"
        return f"presenting lowers the chance by {points}"
    if added <= 0.0:
        return f"adds {points}, which falls short of its cost by {-added:.2f} a contact"
    return f"adds {points}, worth {added:.2f} a contact"
