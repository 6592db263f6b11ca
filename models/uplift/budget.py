"""The Qini curve of several offers: what is added as more is spent, each contact on its best offer.

Each contact is given the offer of most predicted worth, if that worth is above 0; contacts follow
in the order of worth per unit of cost, until the budget is spent. What is added is the sum of
doubly robust effect scores of the contacts reached, per 1,000 contacts of all. (The multi-armed
Qini of Sverdrup, Wu, Athey and Wager, 2023; where an offer's second-best but cheaper rival would
use the money better they go on along a contact's own hull, which one offer per contact leaves out.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.influence import Estimate
from models.judging.intervals import Difference, difference_of
from models.uplift.effects import NORMAL_95, LogError, clustered_error
from models.uplift.ranking import area_at_random, area_by_offer, best_offers

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

_PER = 1000.0


@dataclass(frozen=True, slots=True)
class BudgetCurve:
    """Points of the curve, from (0, 0): all per 1,000 contacts but `share`.

    `share` is that of contacts given an offer, `spent` the cost, `added` the outcome added with its
    95 % band `low` to `high`. `advantage` is the mean height over all depths, per contact, above
    any order with any allowed offer.
    """

    share: Numbers
    spent: Numbers
    added: Numbers
    low: Numbers
    high: Numbers
    advantage: Difference


def budget_curve(
    worth: Numbers,
    *,
    scores: Numbers,
    customer: NDArray[np.int64],
    cost: Numbers | None = None,
    points: int = 40,
) -> BudgetCurve:
    """Return the curve of (n, k) predicted worths: effects, or money net of what a contact costs.

    `scores` (n, k) are effect scores in the unit of what is added, NaN where the offer is not
    allowed or cannot be compared: it is then not given. `cost` (k,) is what presenting costs, 1
    each by default. Raises LogError for costs that are not above 0, or shapes that differ.
    """
    price = np.ones(worth.shape[1]) if cost is None else cost
    if worth.shape != scores.shape or price.shape != worth.shape[1:]:
        raise LogError(
            f"Worths of shape {worth.shape}, scores {scores.shape} and costs {price.shape}.",
            fix="Give contacts down and offers across, and one cost per offer.",
        )
    if not (price > 0).all():
        raise LogError("A cost is not above 0.", fix="Leave out `cost` when offers cost alike.")
    allowed = ~np.isnan(scores)
    effect = np.nan_to_num(scores)
    offer = best_offers(worth, allowed=allowed & (worth > 0))
    chosen = np.flatnonzero(offer >= 0)
    picked = offer[chosen]
    order = chosen[np.argsort(-worth[chosen, picked] / price[picked], kind="stable")]
    gained = np.zeros(len(worth))
    gained[chosen] = effect[chosen, picked]
    paid = np.zeros(len(worth))
    paid[chosen] = price[picked]
    return BudgetCurve(
        *_walk(order, gained=gained, paid=paid, customer=customer, points=points),
        _advantage(worth, effect, allowed=allowed, customer=customer),
    )


def _advantage(
    worth: Numbers, effect: Numbers, *, allowed: Flags, customer: NDArray[np.int64]
) -> Difference:
    found: Estimate = area_by_offer(worth, effect, allowed=allowed)
    chance = area_at_random(effect, allowed=allowed)
    return difference_of(found, chance, cluster=customer, method="area above chance")


def _walk(
    order: NDArray[np.intp],
    *,
    gained: Numbers,
    paid: Numbers,
    customer: NDArray[np.int64],
    points: int,
) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
    """Return share, spent, added, low and high at evenly spaced shares of those given an offer."""
    count = len(gained)
    ends = np.unique(np.linspace(0, len(order), points + 1).round().astype(np.intp))
    added, errors = [], []
    for end in ends:
        reached = np.zeros(count)
        reached[order[:end]] = gained[order[:end]]
        mean = float(reached.mean())
        added.append(mean)
        errors.append(clustered_error((reached - mean) / count, customer=customer))
    spent = np.concatenate([[0.0], np.cumsum(paid[order])])[ends] / count
    middle, reach = _PER * np.array(added), _PER * NORMAL_95 * np.array(errors)
    return ends / count, _PER * spent, middle, middle - reach, middle + reach
