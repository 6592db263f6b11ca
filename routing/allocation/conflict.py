"""Limits that cannot all be met: proof over all customers, and a smallest set that conflicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import combinations

import numpy as np

from routing.allocation.batch import Batches, Floats
from routing.allocation.dual import Dual
from routing.allocation.errors import InfeasibleLimitsError
from routing.allocation.margin import prepared
from routing.allocation.problem import PARTS, Problem, best_of
from routing.allocation.survey import Survey

# Says of a problem with fewer limits that it cannot be met.
Impossible = Callable[[Problem], bool]

_MOST_TRIED = 300  # sets of one size that are tried one by one


def require_feasible(batches: Batches, *, problem: Problem, found: Survey) -> None:
    """Raise InfeasibleLimitsError where the limits surely cannot all be met.

    The proof is that of Farkas: prices at which even the customers' most useful choice, money
    aside, falls short of what the limits ask. They are sought on the sample and proven on all.
    """

    def impossible(part: Problem) -> bool:
        prices = _witness(part, found=found)
        return prices is not None and _shortfall(batches, part, prices, found=found) < 0.0

    if (problem.signs < 0).any() and impossible(problem):
        raise infeasible(problem, impossible=impossible, found=found, batches=batches)


def infeasible(
    problem: Problem, *, impossible: Impossible, found: Survey, batches: Batches
) -> InfeasibleLimitsError:
    """Return the error that names a smallest conflicting set of the problem's limits."""
    numbers = smallest(problem, impossible=impossible)
    said = "; ".join(_asked(problem, number, found=found) for number in numbers)
    names = tuple(problem.names[number] for number in numbers)
    if len(numbers) == 1:
        most = reachable(batches, problem=problem, number=numbers[0])
        fact = f"A limit cannot be met: {said}, and the customers allow at most {most:,.2f}."
        return InfeasibleLimitsError(fact, fix="Lower its share.", conflict=names)
    return InfeasibleLimitsError(
        f"These limits cannot be met together: {said}.",
        fix="Lower a floor among them, or raise one of the others.",
        conflict=names,
    )


def smallest(problem: Problem, *, impossible: Impossible) -> tuple[int, ...]:
    """Return the places of limits that conflict, where without any one of them the rest do not.

    One and two limits are tried first, then a deletion filter (Chinneck and Dravnieks 1991) runs
    over all, capacities first: what is not needed for the conflict is left out.
    """
    everyone = range(len(problem.limits.shared))
    for size in (1, 2):
        sets = [each for each in combinations(everyone, size) if _has_floor(problem, each)]
        if len(sets) <= _MOST_TRIED:
            for each in sets:
                if impossible(only(problem, each)):
                    return each
    kept = sorted(everyone, key=lambda number: int(problem.signs[number]))
    for number in reversed(list(kept)):
        fewer = [each for each in kept if each != number]
        if _has_floor(problem, fewer) and impossible(only(problem, fewer)):
            kept = fewer
    return tuple(sorted(kept))


def only(problem: Problem, numbers: Iterable[int]) -> Problem:
    """Return the problem with only these of its shared limits."""
    shared = tuple(problem.limits.shared[number] for number in numbers)
    return replace(problem, limits=replace(problem.limits, shared=shared))


def reachable(batches: Batches, *, problem: Problem, number: int) -> float:
    """Return the most units of one limit that the customers could use, by choices of their own."""
    alone = only(problem, [number])
    prices = np.array([-1.0 if problem.signs[number] > 0 else 1.0])
    return _useful(batches, alone, prices)


def _has_floor(problem: Problem, numbers: Iterable[int]) -> bool:
    return any(problem.signs[number] < 0 for number in numbers)


def _witness(problem: Problem, *, found: Survey) -> Floats | None:
    """Return (L,) prices that prove on the sample that the limits conflict, or None."""
    dual = Dual(found.sample, problem=problem, scale=found.scale, worthless=True)
    bounds = problem.bounds(contacts=found.contacts)
    least = dual.refute(bounds)
    return None if least is None else least.point


def _shortfall(batches: Batches, problem: Problem, prices: Floats, *, found: Survey) -> float:
    """Return the dual of worthless offers over all customers; below 0 is a proof of conflict."""
    units = problem.bounds(contacts=found.contacts) / PARTS
    slack = float(prices @ units)
    useful = _useful(batches, problem, prices)
    # What rounding could hide: far below one part of any limit's usage.
    return useful + slack + 1e-9 * (useful + abs(slack))


def _useful(batches: Batches, problem: Problem, prices: Floats) -> float:
    """Return the sum over all customers of their greatest surplus when offers add no money."""
    total = 0.0
    for ready in prepared(batches, problem=problem, spread=0.0):
        value = np.where(ready.open, 0.0, -np.inf) - ready.cost(prices)
        _, above = best_of(value, places=ready.places)
        total += float(ready.weight @ above.sum(axis=1))
    return total


def _asked(problem: Problem, number: int, *, found: Survey) -> str:
    """Return what the limit asks for, in its unit."""
    limit = problem.limits.shared[number]
    bound = abs(int(problem.bounds(contacts=found.contacts)[number])) / PARTS
    least = "at least" if problem.signs[number] < 0 else "at most"
    return f"'{limit.name}' asks for {least} {bound:,.2f} (one is one {limit.unit})"
