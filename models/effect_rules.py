"""The rules of presenting that a model set's effects are judged by, beside the strategy's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledModelSet
from models.planning import Labelled
from models.profile_effects import ProfileEffects
from models.signals import Signal
from models.uplift.presented import NOTHING, PresentedRows
from models.uplift.ranking import best_offers

Numbers = NDArray[np.float64]
Actions = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Money:
    """What a sale of each offer earns from each contact, lapse included, and what presenting costs.

    `per_sale` (n, k), `cost` (k,). Where the catalogue is not known both are in sales: 1 and 0.
    """

    per_sale: Numbers
    cost: Numbers

    def worth(self, effects: Numbers) -> Numbers:
        """Return (n, k) money that presenting adds."""
        return np.asarray(effects * self.per_sale - self.cost)

    def added(self, scores: Numbers, *, action: Actions) -> Numbers:
        """Return (n,) money that a rule adds to giving nothing, by effect scores of the log."""
        worth = np.nan_to_num(self.worth(scores))
        given = np.maximum(action, 0)
        return np.where(action >= 0, worth[np.arange(len(action)), given], 0.0)


def money_of(
    rows: PresentedRows, profile: str, *, labelled: Labelled, compiled: CompiledModelSet
) -> Money:
    """Return margin and lapse cost of a sale, by the set's lapse model, and presentation costs."""
    logged = labelled.logged
    economics = None if logged is None else logged.economics
    if economics is None:
        return Money(np.ones((len(rows), rows.offers)), np.zeros(rows.offers))
    lapse = _by_offer(compiled, Signal.LAPSE, rows, profile)
    if lapse is None:
        lapse = np.zeros((len(rows), rows.offers))
    per_sale = economics.margin * (1.0 - lapse) - economics.lapse_cost * lapse
    return Money(np.asarray(per_sale), economics.presentation_cost)


def rules_of(
    each: ProfileEffects,
    rows: PresentedRows,
    effects: Numbers,
    *,
    money: Money,
    compiled: CompiledModelSet,
) -> dict[str, Actions]:
    """Return (n,) actions of each rule, by name.

    strategy       the offer that adds most money, if presenting it adds chance and money
    own_models     the same by acceptance less baseline of the set's own models
    response       the offer that sells for most money, to everybody
    best_average   the offer that adds most on average, to everybody
    nobody         nothing
    """
    rules = {"strategy": most_added(effects, rows, money)}
    accept = _by_offer(compiled, Signal.ACCEPT, rows, each.profile)
    baseline = _by_offer(compiled, Signal.BASELINE, rows, each.profile)
    # Without these models the rules are those of the strategy: they keep every profile alike.
    own = effects if accept is None or baseline is None else accept - baseline
    rules["own_models"] = most_added(own, rows, money)
    sold = effects if accept is None else accept
    rules["response"] = best_offers(sold * money.per_sale, allowed=rows.comparable)
    average = money.worth(np.tile(_averages(each, effects), (len(rows), 1)))
    rules["best_average"] = best_offers(average, allowed=rows.comparable)
    rules["nobody"] = np.full(len(rows), NOTHING)
    return rules


def most_added(effects: Numbers, rows: PresentedRows, money: Money) -> Actions:
    """Return (n,) offers that add most money, where they add chance and money; else nothing."""
    worth = money.worth(np.nan_to_num(effects))
    return best_offers(worth, allowed=rows.comparable & (worth > 0) & (np.nan_to_num(effects) > 0))


def _averages(each: ProfileEffects, effects: Numbers) -> Numbers:
    if each.election is None:
        return np.asarray(np.nan_to_num(effects).mean(axis=0))
    found = each.election.held.average
    return np.array([0.0 if one is None else one.estimate for one in found])


def _by_offer(
    compiled: CompiledModelSet, signal: Signal, rows: PresentedRows, profile: str
) -> Numbers | None:
    """Return (n, k) predictions of a signal; None where the set has no model of it."""
    if signal not in compiled.signals:
        return None
    whose = np.full(len(rows), profile)
    return np.column_stack(
        [
            compiled.predict(signal, rows.matrix, profile=whose, offer=np.full(len(rows), offer))
            for offer in range(rows.offers)
        ]
    )
