"""The offers along a budget: each contact on its best offer, the most promising first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.uplift.budget import BudgetCurve, budget_curve
from models.uplift.curves import LEAST_CURVE_CONTACTS
from models.uplift.log_scores import log_scores
from pipelines.effect_charts import budget_chart
from pipelines.evidence import CatalogueOffer, OfferEvidence, only
from pipelines.predicted_uplift import PredictedUplift, Unranked
from serving.pages.offers_report import Budget, BudgetPoint, Interval
from serving.pages.wording import day

Numbers = NDArray[np.float64]
_POINTS = 20


@dataclass(frozen=True, slots=True)
class OfferMoney:
    """One offer on the contacts of the predictions: (n,) worth and scores in money, NaN elsewhere.

    `cost` is what presenting it costs.
    """

    worth: Numbers
    scores: Numbers
    cost: float


def offer_money(
    offer: CatalogueOffer, evidence: OfferEvidence, *, predicted: PredictedUplift | Unranked
) -> OfferMoney | None:
    """Return an offer's worth and scores; None where too few unseen contacts or sales tell.

    A sale is worth what the matured sales brought on average, lapses among them.
    """
    if isinstance(predicted, Unranked):
        return None
    uplift = predicted.of(offer.offer_id, evidence.contact_id)
    known = ~np.isnan(uplift)
    unseen, per_sale = only(evidence, chosen=known), _per_sale(offer, evidence)
    log = unseen.log
    if per_sale is None or min(log.presented.sum(), log.nothing.sum()) < LEAST_CURVE_CONTACTS:
        return None
    worth = np.full(len(predicted.contact_id), np.nan)
    scores = worth.copy()
    place = predicted.places(unseen.contact_id)
    cost = offer.presentation_cost
    worth[place] = uplift[known] * per_sale - cost
    scores[place] = log_scores(log.bought, log=log).effect * per_sale - cost
    return OfferMoney(worth, scores, cost)


def offers_budget(
    found: Mapping[str, OfferMoney], *, predicted: PredictedUplift | Unranked
) -> Budget | str:
    """Return the curve of all offers together, or in words why there is none."""
    if isinstance(predicted, Unranked):
        return predicted.why
    if not found:
        return (
            "Too few contacts that model set "
            f"{predicted.model_set} has not learned from to compare the offers."
        )
    curve = budget_curve(
        np.column_stack([np.nan_to_num(each.worth) for each in found.values()]),
        scores=np.column_stack([each.scores for each in found.values()]),
        customer=predicted.customer,
        # A free offer costs next to nothing: the order needs worth per cost.
        cost=np.array([max(each.cost, 0.01) for each in found.values()]),
        points=_POINTS,
    )
    points = _points(curve)
    sentence = _sentence(points)
    return Budget(
        budget_chart(points, described=sentence),
        points,
        len(predicted.contact_id),
        sentence,
        f"Measured on contacts since {day(predicted.since)}, none of which model set "
        f"{predicted.model_set} has learned from; {len(found)} offers.",
    )


def _per_sale(offer: CatalogueOffer, evidence: OfferEvidence) -> float | None:
    """Return the mean money of a matured sale before the cost of presenting."""
    log = evidence.log
    sold = (log.bought > 0) & ~np.isnan(log.money)
    if not sold.any():
        return None
    before = log.money[sold] + np.where(log.presented[sold], offer.presentation_cost, 0.0)
    return float(before.mean())


def _points(curve: BudgetCurve) -> tuple[BudgetPoint, ...]:
    columns = (curve.share, curve.spent, curve.added, curve.low, curve.high)
    return tuple(
        BudgetPoint(float(share), float(spent), Interval(float(added), float(low), float(high)))
        for share, spent, added, low, high in zip(*columns, strict=True)
    )


def _sentence(points: tuple[BudgetPoint, ...]) -> str:
    """Say what all of the budget brings, and what half of it brings."""
    last = points[-1]
    if last.spent <= 0:
        return "No offer is expected to add money to any contact."
    half = min(points, key=lambda point: abs(point.spent - last.spent / 2))
    return (
        f"Spending {last.spent:,.0f} per 1,000 contacts on presenting adds "
        f"{last.added.estimate:,.0f} (between {last.added.low:,.0f} and {last.added.high:,.0f}); "
        f"half of that, on the most promising, adds {half.added.estimate:,.0f}."
    )
