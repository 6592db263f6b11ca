"""Forming one customer's strategy in plain Python: what routing.forming gives, without arrays.

For a single row an array operation costs more than all the sums in it; a test holds both equal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from routing.forming import Rules, advice_of, note_of, route_of
from routing.offers import Offer, why_not, why_offered
from routing.strategy import Handling, RankedOffer, Reason, Signals, Strategy
from routing.value_groups import group_name

NAN = math.nan


@dataclass(frozen=True, slots=True)
class OfferScore:
    """One offer's scores for one customer; NaN where no model could say.

    `keep` and `value` are those of the customer if this offer is the best. `uplift` NaN is
    acceptance less baseline.
    """

    accept: float = NAN
    baseline: float = NAN
    lapse: float = NAN
    uplift: float = NAN
    keep: float = NAN
    value: float = NAN


@dataclass(frozen=True, slots=True)
class ScoredCustomer:
    """One customer with the scores of each offer, in the order of the offers."""

    customer_id: str
    stage: str
    scores: Sequence[OfferScore]
    do_not_offer: bool = False
    exempt: bool = False
    reasons: tuple[Reason, ...] = ()
    life_event: str = ""


@dataclass(frozen=True, slots=True)
class _Judged:
    offer: Offer
    score: OfferScore
    uplift: float
    added: float
    known: bool
    eligible: bool
    present: bool

    @property
    def tier(self) -> int:
        """What is presented comes first, then what may be."""
        return self.present + self.usable

    @property
    def usable(self) -> bool:
        """Whether the offer may be presented, worth it or not."""
        return self.eligible and self.known and not self.offer.barred


def form_one(customer: ScoredCustomer, *, rules: Rules) -> Strategy:
    """Return the customer's strategy; the offers of `rules` are those of the scores, in order."""
    judged = [
        _judged(offer, score, customer)
        for offer, score in zip(rules.offers, customer.scores, strict=True)
    ]
    judged.sort(key=lambda one: (-one.tier, -one.added))  # stable: ties keep the catalogue's order
    best = judged[0] if judged and judged[0].usable else None
    offers = tuple(_ranked(one, customer) for one in judged)
    chosen = judged[0].offer if offers and offers[0].present else None
    group = _group(best, customer, cuts=rules.cuts)
    return Strategy(
        customer_id=customer.customer_id,
        partner=rules.partner,
        stage=customer.stage,
        value_group=group_name(group),
        signals=_signals(best),
        route=route_of(chosen, stage=customer.stage, group=group),
        handling=Handling(
            offers,
            note=note_of(stage=customer.stage, reasons=customer.reasons, event=customer.life_event),
            advice=advice_of(chosen, refused=customer.do_not_offer),
        ),
        reasons=customer.reasons,
        model_set=rules.model_set,
        formed_at=rules.formed_at,
        expires_at=rules.expires_at,
        exempt=customer.exempt,
    )


def _judged(offer: Offer, score: OfferScore, customer: ScoredCustomer) -> _Judged:
    uplift = score.uplift
    if uplift != uplift:  # NaN: what acceptance adds to those who buy unasked
        uplift = score.accept - _number(score.baseline)
    lapse = _number(score.lapse)
    added = uplift * (offer.margin * (1.0 - lapse) - offer.lapse_cost * lapse)
    added -= offer.presentation_cost
    known = math.isfinite(added) and math.isfinite(score.accept)
    eligible = customer.stage in offer.eligible_stages
    present = (
        known
        and eligible
        and not (offer.barred or customer.do_not_offer)
        and uplift > 0.0
        and added > 0.0
    )
    return _Judged(
        offer, score, uplift if known else 0.0, added if known else 0.0, known, eligible, present
    )


def _ranked(one: _Judged, customer: ScoredCustomer) -> RankedOffer:
    judged = one.eligible and one.known
    likelihood, uplift, added = (
        (_rounded(one.score.accept, 4), _rounded(one.uplift, 4), _rounded(one.added, 2))
        if judged
        else (0.0, 0.0, 0.0)
    )
    asked, barred = customer.do_not_offer, one.offer.barred
    why = (
        why_offered(uplift, added)
        if judged and not asked and not barred
        else why_not(one.eligible, asked, barred, stage=customer.stage)
    )
    return RankedOffer(
        one.offer.offer_id, one.present, likelihood, uplift, added, why, one.eligible and not asked
    )


def _group(best: _Judged | None, customer: ScoredCustomer, *, cuts: Sequence[float]) -> int:
    """Return the number of the value group: how many thresholds the value does not reach."""
    value = NAN if best is None or customer.do_not_offer else best.score.value
    value = _number(value)
    return sum(value < cut for cut in cuts)


def _signals(best: _Judged | None) -> Signals:
    if best is None:
        return Signals()
    score = best.score
    return Signals(
        _plain(score.accept, 4),
        _plain(score.lapse, 4),
        _plain(score.keep, 4),
        _plain(score.value, 2),
    )


def _plain(number: float, digits: int) -> float | None:
    return _rounded(number, digits) if math.isfinite(number) else None


def _rounded(number: float, digits: int) -> float:
    """Return the number rounded as numpy does: scaled first, halves to the even neighbour."""
    scale = 10.0**digits
    return round(number * scale) / scale


def _number(value: float) -> float:
    return value if math.isfinite(value) else 0.0
