"""Choosing offers for all customers: by price, and at the margin one by one, within every limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.allocation.account import Account, account
from routing.allocation.batch import Batches, Flags, Floats
from routing.allocation.conflict import infeasible, require_feasible
from routing.allocation.dual import Dual
from routing.allocation.errors import LimitsNotMetError
from routing.allocation.margin import spread_of
from routing.allocation.prices import GAP, PASSES, Prices, solve_prices
from routing.allocation.problem import PARTS, Problem, prepare
from routing.allocation.repair import Repair
from routing.allocation.result import Allocation, limit_uses, offer_mix
from routing.allocation.rule import Rule
from routing.allocation.search import MOST_CUSTOMERS, search
from routing.allocation.survey import SAMPLE, Survey, survey

_DRAWN_IN = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the largest usage of one customer


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The rule, and whether no better one exists."""

    rule: Rule
    proven_best: bool


class _ProvenImpossibleError(Exception):
    """The search went through all whole choices and none meets the limits."""


def allocate(
    batches: Batches,
    *,
    problem: Problem,
    start: Floats | None = None,
    gap: float = GAP,
    passes: int = PASSES,
    sample: int = SAMPLE,
) -> Allocation:
    """Return who is offered what, so that the expected added money is greatest within all limits.

    `start` (L,) are prices to begin from. Customers are gone through a handful of times; memory is
    bounded by a batch, the sample and the margin. Up to 200 customers the choice is proven best
    where the search ends in time. Raises InfeasibleLimitsError, LimitsNotMetError, BatchError,
    LimitsFileError.
    """
    found = survey(batches, offers=len(problem.offers), size=sample)
    everyone: Batches = (lambda: [found.sample]) if found.complete else batches
    require_feasible(everyone, problem=problem, found=found)
    prices = solve_prices(
        everyone, problem=problem, found=found, start=start, gap=gap, passes=passes
    )
    try:
        chosen = _chosen(prices, problem=problem, found=found)
    except _ProvenImpossibleError:
        raise infeasible(
            problem,
            impossible=lambda part: _no_whole_choice(part, found=found),
            found=found,
            batches=everyone,
        ) from None
    summed = account(everyone, rule=chosen.rule)
    _require_kept(problem, summed=summed, contacts=found.contacts)
    return Allocation(
        rule=chosen.rule,
        money=summed.money,
        bound=summed.money if chosen.proven_best else max(prices.bound, summed.money),
        limits=limit_uses(problem, prices=prices.values, summed=summed, contacts=found.contacts),
        mix=offer_mix(problem, summed=summed),
        nothing=summed.nothing,
        customers=summed.customers,
        contacts=found.contacts,
        exceptions=len(chosen.rule.exceptions),
        proven_best=chosen.proven_best,
        passes=prices.passes,
    )


def _chosen(prices: Prices, *, problem: Problem, found: Survey) -> _Chosen:
    """Return the rule after the margin was repaired, and for few customers searched."""
    margin, spread = prices.tally.margin, spread_of(found)
    ready = prepare(margin.batch, problem=problem, spread=spread)
    room = problem.bounds(contacts=found.contacts) - margin.frozen
    repair = Repair(ready, prices=prices.values, room=room)
    by_price = repair.chosen.copy()
    holds = repair.run()
    if not holds:
        repair = _from_within(repair, problem=problem, spread=spread)
        holds = repair.holds
    offers: Flags = repair.chosen
    proven = False
    if found.complete and len(margin.batch) <= MOST_CUSTOMERS:
        best = search(repair)
        if best.chosen is None and best.proven:
            raise _ProvenImpossibleError
        if best.chosen is not None:
            holds, offers, proven = True, best.chosen, best.proven
    if not holds:
        raise _not_met(repair, problem=problem)
    rows = np.flatnonzero((offers != by_price).any(axis=1))
    rows = rows[np.argsort(margin.batch.customer_ids[rows])]
    rule = Rule(problem, prices.values, spread, margin.batch.customer_ids[rows], offers[rows])
    return _Chosen(rule, proven)


def _from_within(repair: Repair, *, problem: Problem, spread: float) -> Repair:
    """Return a repair that began at prices for limits drawn in by a few customers' usage each.

    Where limits can just be met, the choices at their own prices may be one swap away from
    nothing; those at prices for a little less room fall inside.
    """
    largest = np.abs(repair.usage).max(axis=(0, 1), initial=0)
    dual = Dual(repair.ready.batch, problem=problem, spread=spread)
    for customers in _DRAWN_IN:
        room = repair.room - np.rint(customers * largest).astype(np.int64)
        prices = dual.solve(room, start=repair.prices, tolerance=1e-9).point
        other = Repair(repair.ready, prices=prices, room=repair.room)
        if other.run():
            return other
    return repair


def _no_whole_choice(problem: Problem, *, found: Survey) -> bool:
    """Return whether it is proven that no whole choice of the sample meets the limits."""
    prices = solve_prices(lambda: [found.sample], problem=problem, found=found)
    try:
        _chosen(prices, problem=problem, found=found)
    except _ProvenImpossibleError:
        return True
    except LimitsNotMetError:
        return False
    return False


def _not_met(repair: Repair, *, problem: Problem) -> LimitsNotMetError:
    over = (repair.used - repair.room) / PARTS
    worst = int(over.argmax())
    unit = problem.limits.shared[worst].unit
    return LimitsNotMetError(
        f"No choice was found that meets all limits: '{problem.names[worst]}' is missed by"
        f" {over[worst]:,.2f} (one is one {unit}).",
        fix="Give that limit, or a floor that works against it, a little more room.",
    )


def _require_kept(problem: Problem, *, summed: Account, contacts: float) -> None:
    """Raise LimitsNotMetError unless the exact sums over all customers keep every limit."""
    over = summed.usage - problem.bounds(contacts=contacts)
    if (over > 0).any():
        worst = int(over.argmax())
        raise LimitsNotMetError(
            f"'{problem.names[worst]}' is exceeded by {over[worst] / PARTS:,.4f} after the repair.",
            fix="Give the same customers, each once, every time the batches are gone through.",
        )
