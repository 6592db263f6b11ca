"""The margin: the customers whose choice a small change of prices would change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Batches, CustomerBatch, Floats, draws, joined
from routing.allocation.problem import (
    MONEY_PARTS,
    PARTS,
    Picks,
    Prepared,
    Problem,
    Wholes,
    prepare,
)
from routing.allocation.survey import Survey

SIZE = 32_768
# Where not everybody fits the sample, equal values are spread by this share of themselves, by a
# draw from the id: without it one price would move a whole group of equals at once.
SPREAD = 1e-4
_SPREAD_IN_MEMORY = 1e-6  # where everybody fits, prices are exact enough to tell so little
_FEW = 200  # so few are searched one by one: ties do no harm


@dataclass(frozen=True, slots=True)
class Margin:
    """The customers at the margin, and `frozen` (L,): the signed usage of all others, in parts.

    No other customer's choice changes while each price keeps within the share `reach` of itself.
    """

    batch: CustomerBatch
    frozen: Wholes
    reach: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What choosing by prices alone comes to, over all customers.

    `bound` is money that no choice within the limits exceeds, `usage` (L,) is signed, in parts.
    """

    prices: Floats
    bound: float
    money: float
    usage: Wholes
    margin: Margin


def spread_of(found: Survey) -> float:
    """Return the share by which equal values are spread."""
    if found.complete:
        return 0.0 if found.customers <= _FEW else _SPREAD_IN_MEMORY
    return SPREAD


def prepared(batches: Batches, *, problem: Problem, spread: float) -> Iterator[Prepared]:
    """Yield each batch that has customers, made ready."""
    for batch in batches():
        if len(batch):
            yield prepare(batch, problem=problem, spread=spread)


def tally(
    batches: Batches,
    *,
    problem: Problem,
    found: Survey,
    prices: Floats,
    watched: Floats,
    size: int = SIZE,
) -> Tally:
    """Go once through all customers; return what choosing at these (L,) prices comes to.

    `watched` (L,) are the prices that distances to the margin are measured by: above 0 also for
    a limit that is not priced yet.
    """
    usage = np.zeros(len(prices), dtype=np.int64)
    money, surplus = 0, 0
    nearest = _Nearest(size)
    for ready in prepared(batches, problem=problem, spread=spread_of(found)):
        picks, above = ready.picks(prices)
        used = ready.usage(picks)
        usage += used.sum(axis=0)
        money += int(ready.money(picks).sum())
        surplus += int(np.ceil(ready.weight * above.sum(axis=1) * MONEY_PARTS).sum())
        distance = _distance(ready, picks=picks, prices=prices, watched=watched)
        nearest.add(ready.batch, distance=distance, usage=used)
    units = problem.bounds(contacts=found.contacts) / PARTS
    bound = surplus / MONEY_PARTS + float(prices @ units)
    return Tally(prices, bound, money / MONEY_PARTS, usage, nearest.margin(usage))


def _distance(ready: Prepared, *, picks: Picks, prices: Floats, watched: Floats) -> Floats:
    """Return (n,) the least share by which prices must move to change the customer's choice.

    Looked at: each offer not picked in the place of the weakest pick (or of nothing, where there
    is room), and each pick left out. Prices may move in any directions, so it is a lower bound.
    """
    rows = np.arange(len(picks))
    surplus = ready.value - ready.cost(prices)
    chosen = np.zeros((len(picks), surplus.shape[1] + 1), dtype=bool)
    chosen[rows[:, None], picks] = True  # -1, nothing, is the last column
    chosen = chosen[:, :-1]
    full = chosen.any(axis=1) & (chosen.sum(axis=1) >= ready.places)
    last = np.where(full, np.where(chosen, surplus, np.inf).argmin(axis=1), -1)
    padded = np.column_stack([surplus, np.zeros(len(picks))])
    loss = np.where(chosen, surplus, padded[rows, last][:, None] - surplus)
    moved = np.zeros_like(loss)
    for number in np.flatnonzero(watched):
        units = ready.customer_factors[number][:, None] * ready.offer_factors[number][None, :]
        if ready.by_acceptance[number]:
            units = units * ready.batch.accept
        with_nothing = np.column_stack([units, np.zeros(len(picks))])
        change = np.where(chosen, units, units - with_nothing[rows, last][:, None])
        moved += watched[number] * np.abs(change)
    counts = ready.open & (moved > 0.0) & (ready.weight > 0.0)[:, None]
    share = np.divide(loss, moved, out=np.full_like(loss, np.inf), where=counts)
    return np.asarray(share.min(axis=1, initial=np.inf))


class _Nearest:
    """Keeps the customers of least distance, by draw among equals, whatever order they come in."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: CustomerBatch | None = None
        self._distance: Floats = np.zeros(0)
        self._usage: Wholes = np.zeros((0, 0), dtype=np.int64)
        self._left_out = np.inf

    def add(self, batch: CustomerBatch, *, distance: Floats, usage: Wholes) -> None:
        rows = np.flatnonzero(distance <= self._left_out)
        batch, distance, usage = batch.take(rows), distance[rows], usage[rows]
        if self._kept is not None:
            batch = joined([self._kept, batch])
            distance = np.concatenate([self._distance, distance])
            usage = np.concatenate([self._usage, usage])
        order = np.lexsort((batch.customer_ids, draws(batch.customer_ids), distance))
        if len(order) > self._size:
            self._left_out = float(distance[order[self._size]])
        kept = order[: self._size]
        self._kept, self._distance, self._usage = batch.take(kept), distance[kept], usage[kept]

    def margin(self, usage: Wholes) -> Margin:
        assert self._kept is not None
        return Margin(self._kept, usage - self._usage.sum(axis=0), self._left_out)
