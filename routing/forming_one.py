"""Forming one customer's strategy in plain Python: what routing.forming gives, without arrays.

For a single row an array operation costs more than all the sums in it; a test holds both equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import isfinite

import msgspec

from routing.forming import Rules, advice_of, note_of, route_of
from routing.offers import Offer, why_not, why_offered
from routing.strategy import Handling, RankedOffer, Reason, Signals, Strategy
from routing.value_groups import group_name

NAN = math.nan
# What is known of an offer's score only once it is chosen: the reasons, by the offer's id.
Reasons = Callable[[str], tuple[Reason, ...]]


class OfferScore(msgspec.Struct, frozen=True, gc=False):
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


class ScoredCustomer(msgspec.Struct, frozen=True):
    """One customer with the scores of each offer, in the order of the offers."""

    customer_id: str
    stage: str
    scores: Sequence[OfferScore]
    do_not_offer: bool = False
    exempt: bool = False
    reasons: tuple[Reason, ...] = ()
    life_event: str = ""


class _Judged(msgspec.Struct, frozen=True):
    """An offer judged; `known` says that a model could, `usable` that it may be presented.

    Worth it or not: that is `present`. `place` is (no tier, money lost): the best comes first.
    """

    offer: Offer
    score: OfferScore
    uplift: float
    added: float
    known: bool
    eligible: bool
    usable: bool
    present: bool
    place: tuple[int, float]


def form_one(
    customer: ScoredCustomer, *, rules: Rules, reasons_of: Reasons | None = None
) -> Strategy:
    """Return the customer's strategy; the offers of `rules` are those of the scores, in order.

    The reasons are the customer's, or those that `reasons_of` gives for the first offer.
    """
    judged = [
        _judged(offer, score, customer)
        for offer, score in zip(rules.offers, customer.scores, strict=True)
    ]
    judged.sort(key=_place)  # stable: ties keep the catalogue's order
    first = judged[0] if judged else None
    best = first if first is not None and first.usable else None
    chosen = first.offer if first is not None and first.present else None
    reasons = customer.reasons
    if reasons_of is not None and first is not None:
        reasons = reasons_of(first.offer.offer_id)
    stage, refused = customer.stage, customer.do_not_offer
    group = _group(best, refused=refused, cuts=rules.cuts)
    return Strategy(
        customer.customer_id,
        rules.partner,
        stage,
        group_name(group),
        _signals(best),
        route_of(chosen, stage=stage, group=group),
        Handling(
            tuple([_ranked(one, customer) for one in judged]),
            note_of(stage=stage, reasons=reasons, event=customer.life_event),
            advice_of(chosen, refused=refused),
        ),
        reasons,
        rules.model_set,
        rules.formed_at,
        rules.expires_at,
        customer.exempt,
    )


def _judged(offer: Offer, score: OfferScore, customer: ScoredCustomer) -> _Judged:
    uplift, lapse = score.uplift, score.lapse
    if uplift != uplift:  # NaN: what acceptance adds to those who buy unasked
        uplift = score.accept - _number(score.baseline)
    if not isfinite(lapse):
        lapse = 0.0
    added = uplift * (offer.margin * (1.0 - lapse) - offer.lapse_cost * lapse)
    added -= offer.presentation_cost
    known = isfinite(added) and isfinite(score.accept)
    if not known:
        uplift = added = 0.0
    eligible = customer.stage in offer.eligible_stages
    usable = eligible and known and not offer.barred
    present = usable and not customer.do_not_offer and uplift > 0.0 and added > 0.0
    place = (-present - usable, -added)
    return _Judged(offer, score, uplift, added, known, eligible, usable, present, place)


def _place(one: _Judged) -> tuple[int, float]:
    return one.place


def _ranked(one: _Judged, customer: ScoredCustomer) -> RankedOffer:
    eligible, asked, barred = one.eligible, customer.do_not_offer, one.offer.barred
    if eligible and one.known:
        # As numpy rounds: scaled first, halves to the even neighbour.
        likelihood = round(one.score.accept * 1e4) / 1e4
        uplift = round(one.uplift * 1e4) / 1e4
        added = round(one.added * 1e2) / 1e2
        told = not asked and not barred
    else:
        likelihood = uplift = added = 0.0
        told = False
    why = (
        why_offered(uplift, added)
        if told
        else why_not(eligible, asked, barred, stage=customer.stage)
    )
    return RankedOffer(
        one.offer.offer_id, one.present, likelihood, uplift, added, why, eligible and not asked
    )


def _group(best: _Judged | None, *, refused: bool, cuts: Sequence[float]) -> int:
    """Return the number of the value group: how many thresholds the value does not reach."""
    value = 0.0 if best is None or refused else _number(best.score.value)
    group = 0
    for cut in cuts:
        group += value < cut
    return group


def _signals(best: _Judged | None) -> Signals:
    if best is None:
        return Signals()
    score = best.score
    return Signals(
        _plain(score.accept, 1e4),
        _plain(score.lapse, 1e4),
        _plain(score.keep, 1e4),
        _plain(score.value, 1e2),
    )


def _plain(number: float, scale: float) -> float | None:
    return round(number * scale) / scale if isfinite(number) else None


def _number(value: float) -> float:
    return value if isfinite(value) else 0.0
