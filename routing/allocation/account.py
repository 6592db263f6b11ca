"""What a rule comes to over all customers: money, usage, mix, and who gets nothing and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Batches, Flags
from routing.allocation.margin import prepared
from routing.allocation.problem import MONEY_PARTS, Picks, Wholes
from routing.allocation.rule import NOTHINGS, Nothing, Rule, why_nothing


@dataclass(frozen=True, slots=True)
class Account:
    """Sums over all customers, the same in any order of batches.

    `usage` (L,) is signed, in parts. `customers_offered` and `presentations` (m,) say how many
    customers get each offer and how many presentations that makes; `nothing` how many none.
    """

    customers: int
    money: float
    usage: Wholes
    customers_offered: tuple[int, ...]
    presentations: tuple[float, ...]
    nothing: Mapping[Nothing, int]


def account(batches: Batches, *, rule: Rule) -> Account:
    """Go once through all customers and return what the rule comes to."""
    width = len(rule.problem.offers)
    usage = np.zeros(len(rule.prices), dtype=np.int64)
    offered, presented = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    nothing = np.zeros(len(NOTHINGS), dtype=np.int64)
    customers, money = 0, 0
    for ready in prepared(batches, problem=rule.problem, spread=rule.spread):
        chosen = rule.chosen(ready)
        picks = picks_of(chosen)
        customers += len(chosen)
        money += int(ready.money(picks).sum())
        usage += ready.usage(picks).sum(axis=0)
        offered += chosen.sum(axis=0)
        weight = np.rint(ready.weight * MONEY_PARTS).astype(np.int64)
        presented += np.where(chosen, weight[:, None], 0).sum(axis=0)
        why = why_nothing(ready, chosen=chosen)
        nothing += np.bincount(why[why >= 0], minlength=len(NOTHINGS))
    return Account(
        customers=customers,
        money=money / MONEY_PARTS,
        usage=usage,
        customers_offered=tuple(offered.tolist()),
        presentations=tuple((presented / MONEY_PARTS).tolist()),
        nothing=dict(zip(NOTHINGS, nothing.tolist(), strict=True)),
    )


def left_with_nothing(batches: Batches, *, rule: Rule) -> Iterator[tuple[str, Nothing]]:
    """Yield the id of each customer who is offered nothing, and why."""
    for ready in prepared(batches, problem=rule.problem, spread=rule.spread):
        why = why_nothing(ready, chosen=rule.chosen(ready))
        rows = np.flatnonzero(why >= 0)
        ids = ready.batch.customer_ids[rows].tolist()
        yield from zip(ids, (NOTHINGS[number] for number in why[rows].tolist()), strict=True)


def picks_of(chosen: Flags) -> Picks:
    """Return (n, k) the numbers of the chosen offers, -1 where there are fewer than k."""
    most = max(int(chosen.sum(axis=1).max(initial=0)), 1)
    picks = np.full((len(chosen), most), -1, dtype=np.int64)
    rows, offers = np.nonzero(chosen)
    first = np.searchsorted(rows, rows)
    picks[rows, np.arange(len(rows)) - first] = offers
    return picks
