"""What one more unit of each limit is worth: the Lagrangian dual, streaming over customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Batches, Floats
from routing.allocation.dual import Dual
from routing.allocation.margin import Tally, spread_of, tally
from routing.allocation.problem import PARTS, Problem, Wholes
from routing.allocation.survey import Survey

GAP = 1e-4  # the priced slack that ends the passes, as a share of the bound
PASSES = 8
_WATCHED = 0.02  # an unpriced limit is watched at this share of an average price
_STRETCH = 4.0  # prices may move by so many times the margin's reach: most customers are farther


@dataclass(frozen=True, slots=True)
class Prices:
    """The (L,) prices found, the lowest bound seen, and how close they come.

    `gap` is the money by which usage at the prices misses the limits, priced, as a share of the
    bound: 0 where each priced limit is used exactly and no other is exceeded.
    """

    tally: Tally
    bound: float
    gap: float
    passes: int

    @property
    def values(self) -> Floats:
        """(L,) money per unit, 0 where a limit does not bind."""
        return self.tally.prices


def solve_prices(
    batches: Batches,
    *,
    problem: Problem,
    found: Survey,
    start: Floats | None = None,
    gap: float = GAP,
    passes: int = PASSES,
    precision: float = 1e-11,
) -> Prices:
    """Return prices at which usage meets the limits to within `gap`, after at most `passes`.

    First the dual is solved on the sample. Then each pass over everybody tells the usage and the
    margin; the dual is solved again exactly for those at the margin, all others frozen, with
    prices kept near. Any prices give a valid bound. `precision` is a share of the worth of all
    pairs, to which the dual is solved where everybody is in memory.
    """
    bounds = problem.bounds(contacts=found.contacts)
    spread = spread_of(found)
    sample = Dual(found.sample, problem=problem, scale=found.scale, spread=spread)
    watched = sample.average_prices() * _WATCHED
    first = np.zeros(len(bounds)) if start is None else start
    prices = sample.solve(
        bounds, start=first, tolerance=precision if found.complete else 1e-8
    ).point
    best: Prices | None = None
    lowest = np.inf
    for turn in range(1, passes + 1):
        seen = tally(
            (lambda: [found.sample]) if found.complete else batches,
            problem=problem,
            found=found,
            prices=prices,
            watched=np.maximum(prices, watched),
        )
        lowest = min(lowest, seen.bound)
        missed = priced_slack(seen, bounds=bounds) / max(abs(seen.bound), 1e-9)
        stuck = best is not None and missed > best.gap / 2
        if best is None or missed < best.gap:
            best = Prices(seen, lowest, missed, turn)
        if missed <= gap or stuck or found.complete or turn == passes:
            break
        prices = _zoomed(seen, problem=problem, bounds=bounds, watched=watched, spread=spread)
    assert best is not None
    return Prices(best.tally, lowest, best.gap, turn)


def _zoomed(
    seen: Tally, *, problem: Problem, bounds: Wholes, watched: Floats, spread: float
) -> Floats:
    """Return prices near those seen that are best for the margin, all others frozen."""
    margin = seen.margin
    dual = Dual(margin.batch, problem=problem, spread=spread)
    reach = min(margin.reach, 1.0) * _STRETCH
    step = np.maximum(seen.prices, watched) * reach
    box = (np.maximum(seen.prices - step, 0.0), seen.prices + step)
    return dual.solve(bounds - margin.frozen, start=seen.prices, tolerance=1e-8, box=box).point


def priced_slack(seen: Tally, *, bounds: Wholes) -> float:
    """Return the money by which usage misses the limits at the prices.

    An excess of a limit that has no price is valued at what its units bring on average.
    """
    slack = (bounds - seen.usage) / PARTS
    average = abs(seen.money) / np.maximum(np.abs(seen.usage) / PARTS, 1e-9)
    excess = np.where((seen.prices == 0.0) & (slack < 0.0), -slack * average, 0.0)
    return float(np.abs(slack * seen.prices).sum() + excess.sum())
