"""The best whole choices of few customers, proven: branch and bound over what prices leave open."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from routing.allocation.batch import Flags, Floats
from routing.allocation.problem import MONEY_PARTS, PARTS, Wholes
from routing.allocation.repair import Repair

MOST_CUSTOMERS = 200
_MOST_OPTIONS = 20_000
_MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """The best choices (K, m) or None where none was found; `proven` that there is no better."""

    chosen: Flags | None
    proven: bool


@dataclass(frozen=True, slots=True)
class _Options:
    """What one customer may be offered: sets of offers, what each earns, uses and loses.

    `loss` is money below the customer's best at the prices; the options stand by it, least first.
    """

    offers: list[tuple[int, ...]]
    money: list[int]
    used: Wholes
    loss: Floats


def search(repair: Repair) -> Found:
    """Return the best choices of a repair's customers within its room.

    A choice whose loss at the prices exceeds the gap between the bound and the best known choice
    is in no better one (reduced cost fixing); the rest is searched, up to 100,000 nodes.
    """
    customers = [_options(repair, row) for row in range(len(repair.chosen))]
    if sum(len(each.offers) for each in customers) > _MOST_OPTIONS:
        return Found(repair.chosen if repair.holds else None, False)
    walk = _Walk(repair, customers)
    walk.down(0, used=np.zeros(len(repair.room), dtype=np.int64), money=0, lost=0.0, picked=[])
    best: Flags | None = repair.chosen if repair.holds else None
    if walk.picked is not None:
        best = np.zeros_like(repair.chosen)
        for row, option in zip(walk.order, walk.picked, strict=True):
            best[row, list(customers[row].offers[option])] = True
    return Found(best, walk.nodes < _MOST_NODES)


def _options(repair: Repair, row: int) -> _Options:
    open_offers = np.flatnonzero(repair.ready.open[row]).tolist()
    places = int(repair.ready.places[row])
    sets = [each for size in range(places + 1) for each in combinations(open_offers, size)]
    money = np.array([int(repair.money[row, list(each)].sum()) for each in sets])
    used = np.array([repair.usage[row, list(each)].sum(axis=0) for each in sets])
    surplus = money / MONEY_PARTS - (used @ repair.prices) / PARTS
    order = np.argsort(-surplus, kind="stable")
    return _Options(
        offers=[sets[each] for each in order],
        money=money[order].tolist(),
        used=used[order],
        loss=surplus[order[0]] - surplus[order],
    )


class _Walk:
    """Depth first over the customers, those with the most at stake first."""

    def __init__(self, repair: Repair, customers: list[_Options]) -> None:
        self._room = repair.room
        stakes = [float(each.loss[1]) if len(each.loss) > 1 else np.inf for each in customers]
        self.order: list[int] = np.argsort(-np.array(stakes), kind="stable").tolist()
        self._customers = [customers[row] for row in self.order]
        count = len(self._customers)
        self._least = np.zeros((count + 1, len(self._room)), dtype=np.int64)
        for place in range(count - 1, -1, -1):
            self._least[place] = self._least[place + 1] + self._customers[place].used.min(axis=0)
        best = sum(each.money[0] / MONEY_PARTS for each in customers)
        used = sum((each.used[0] for each in customers), np.zeros(len(self._room), dtype=np.int64))
        #: What no choice exceeds: the dual at the prices.
        self._bound = best + float((self._room - used) @ repair.prices) / PARTS
        self.money: float = repair.earned / MONEY_PARTS if repair.holds else -np.inf
        self.picked: list[int] | None = None
        self.nodes = 0

    def down(self, place: int, *, used: Wholes, money: int, lost: float, picked: list[int]) -> None:
        self.nodes += 1
        if self.nodes >= _MOST_NODES or (used + self._least[place] > self._room).any():
            return
        if place == len(self._customers):
            if money / MONEY_PARTS > self.money:
                self.money, self.picked = money / MONEY_PARTS, list(picked)
            return
        options = self._customers[place]
        for number, loss in enumerate(options.loss.tolist()):
            # Half a part of money: rounding must not prune what is better by a whole part.
            if self._bound - lost - loss <= self.money - 0.5 / MONEY_PARTS:
                return
            picked.append(number)
            self.down(
                place + 1,
                used=used + options.used[number],
                money=money + options.money[number],
                lost=lost + loss,
                picked=picked,
            )
            picked.pop()
