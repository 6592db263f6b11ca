"""An allocation as a rule: the prices, and the few customers at the margin who are told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from routing.allocation.batch import CustomerBatch, Flags, Floats, Texts
from routing.allocation.problem import Prepared, Problem, prepare


class Standing(StrEnum):
    """How an offer stands with a customer, in the words of a strategy's `why`."""

    PRESENT = "presented"
    NOT_ELIGIBLE = "not eligible at this stage"
    ASKED_NOT_TO = "asked not to be offered anything"
    NOT_RELEVANT = "not modelled yet, or presenting does not raise the chance"
    RESTING = "presented a short time ago"
    CAPPED = "saw as many presentations as the cap allows"
    ADDS_NOTHING = "adds less than it costs"
    ANOTHER = "another offer is worth more here"
    PRICED_OUT = "adds money, but what it takes is worth more elsewhere"


STANDINGS = tuple(Standing)
_NUMBER = {standing: number for number, standing in enumerate(STANDINGS)}


class Nothing(StrEnum):
    """Why a customer is left with no offer."""

    ASKED_NOT_TO = "asked not to"
    NOT_ELIGIBLE = "not eligible"
    SEEN_ENOUGH = "seen enough"
    NOTHING_RELEVANT = "nothing relevant"
    PRICED_OUT = "priced out"


NOTHINGS = tuple(Nothing)


@dataclass(frozen=True, slots=True)
class Rule:
    """Chooses each customer's offers, whatever batch the customer comes in.

    `exceptions` are ids in rising order, `exceptional` (E, m) their offers; all others get the
    best offers by the (L,) `prices`.
    """

    problem: Problem
    prices: Floats
    spread: float
    exceptions: Texts
    exceptional: Flags

    def by_price(self) -> Rule:
        """Return the rule without its exceptions."""
        return replace(self, exceptions=self.exceptions[:0], exceptional=self.exceptional[:0])

    def choose(self, batch: CustomerBatch) -> Flags:
        """Return (n, m): is the offer presented to the customer."""
        return self.chosen(prepare(batch, problem=self.problem, spread=self.spread))

    def chosen(self, ready: Prepared) -> Flags:
        """Return (n, m): is the offer presented, of a batch made ready with this rule's spread."""
        count, offers = ready.value.shape
        picks, _ = ready.picks(self.prices)
        found = np.zeros((count, offers + 1), dtype=bool)
        found[np.arange(count)[:, None], picks] = True  # -1, nothing, is the last column
        found = found[:, :-1].copy()
        if len(self.exceptions):
            ids = ready.batch.customer_ids
            place = np.searchsorted(self.exceptions, ids).clip(max=len(self.exceptions) - 1)
            rows = np.flatnonzero(self.exceptions[place] == ids)
            found[rows] = self.exceptional[place[rows]]
        return found

    def standings(self, batch: CustomerBatch) -> NDArray[np.int8]:
        """Return (n, m) how each offer stands with each customer, as places in STANDINGS."""
        ready = prepare(batch, problem=self.problem, spread=self.spread)
        return standings(ready, chosen=self.chosen(ready), prices=self.prices)


def standings(ready: Prepared, *, chosen: Flags, prices: Floats) -> NDArray[np.int8]:
    """Return (n, m) places in STANDINGS; the first reason that applies is told."""
    batch = ready.batch
    found = np.full(chosen.shape, _NUMBER[Standing.RESTING], dtype=np.int8)
    beaten = chosen.any(axis=1, keepdims=True) & (ready.value > ready.cost(prices))
    told = [
        (ready.open, Standing.PRICED_OUT),
        (ready.open & beaten, Standing.ANOTHER),
        (ready.open & ~(batch.added_value > 0.0), Standing.ADDS_NOTHING),
        ((ready.places <= 0)[:, None], Standing.CAPPED),
        (~batch.relevant, Standing.NOT_RELEVANT),
        (batch.asked_not_to[:, None], Standing.ASKED_NOT_TO),
        (~batch.eligible, Standing.NOT_ELIGIBLE),
        (chosen, Standing.PRESENT),
    ]
    for where, standing in told:  # the last that applies stays
        found[np.broadcast_to(where, found.shape)] = _NUMBER[standing]
    return found


def why_nothing(ready: Prepared, *, chosen: Flags) -> NDArray[np.int8]:
    """Return (n,) places in NOTHINGS, -1 for customers who are offered something."""
    batch = ready.batch
    useful = ready.open & (batch.added_value > 0.0)
    relevant = batch.eligible & batch.relevant & (batch.added_value > 0.0)
    found = np.full(len(chosen), NOTHINGS.index(Nothing.NOTHING_RELEVANT), dtype=np.int8)
    told = [
        (relevant.any(axis=1) & ~useful.any(axis=1), Nothing.SEEN_ENOUGH),
        (useful.any(axis=1), Nothing.PRICED_OUT),
        (~batch.eligible.any(axis=1), Nothing.NOT_ELIGIBLE),
        (batch.asked_not_to, Nothing.ASKED_NOT_TO),
    ]
    for where, why in told:  # the last that applies stays
        found[where] = NOTHINGS.index(why)
    found[chosen.any(axis=1)] = -1
    return found
