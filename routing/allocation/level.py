"""The least value of a convex function of few variables within a box: a proximal level method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Floats
from routing.allocation.nonnegative import nearest_point

# Gives the value and a subgradient at a point.
Oracle = Callable[[Floats], tuple[float, Floats]]

_LEVEL = 0.5  # how far down towards the lower bound each step aims, of the gap
_MOST_CUTS = 400


@dataclass(frozen=True, slots=True)
class Least:
    """The best point found, its value, a proven lower bound, and how many points were looked at."""

    point: Floats
    value: float
    lower: float
    looks: int


@dataclass(slots=True)
class _Cuts:
    """Planes below the function: value + slope (x - point)."""

    points: list[Floats]
    values: list[float]
    slopes: list[Floats]

    def add(self, point: Floats, value: float, slope: Floats) -> None:
        if len(self.points) >= _MOST_CUTS:
            for kept in (self.points, self.values, self.slopes):
                del kept[: _MOST_CUTS // 4]
        self.points.append(point)
        self.values.append(value)
        self.slopes.append(slope)

    def at(self, point: Floats) -> tuple[Floats, Floats]:
        """Return each plane's height at the point, and its slope."""
        slopes = np.array(self.slopes)
        heights = np.array(self.values) + ((point - np.array(self.points)) * slopes).sum(axis=1)
        return heights, slopes


def minimise(
    oracle: Oracle,
    *,
    start: Floats,
    lowest: Floats,
    highest: Floats,
    lower: float,
    tolerance: float,
    looks: int = 500,
    depth: float = np.inf,
    enough: float = -np.inf,
) -> Least:
    """Return the least value within a box, to `tolerance` (absolute) if looks allow.

    The box is lowest <= x <= highest, `lower` a known lower bound. Ends early at a value not
    above `enough`. No step aims deeper than `depth` at first: small where the start is near.
    Each step goes to the point nearest the best one where all planes allow half the gap; where
    there is none, that level is a lower bound. Source: Brännlund, Kiwiel and Lindberg, A descent
    proximal level bundle method (1995).
    """
    best = np.clip(start, lowest, highest)
    value, slope = oracle(best)
    least = value
    cuts = _Cuts([best], [value], [slope])
    count = 1
    while count < looks and least - lower > tolerance and least > enough:
        level = least - min(_LEVEL * (least - lower), depth)
        point = _towards(level, cuts=cuts, best=best, box=(lowest, highest))
        if point is None:
            lower = level
            continue
        value, slope = oracle(point)
        count += 1
        cuts.add(point, value, slope)
        if value < least:
            if value < least - 0.1 * depth:
                depth *= 4.0
            best, least = point, value
    return Least(best, least, lower, count)


def _towards(
    level: float, *, cuts: _Cuts, best: Floats, box: tuple[Floats, Floats]
) -> Floats | None:
    """Return the point of the box nearest to `best` where every plane is at or below the level."""
    heights, slopes = cuts.at(best)
    rows = np.vstack([-slopes, np.eye(len(best)), -np.eye(len(best))])
    bounds = np.concatenate([heights - level, box[0] - best, best - box[1]])
    size = np.sqrt((rows**2).sum(axis=1))
    if (bounds[size == 0.0] > 0.0).any():
        return None
    rows, bounds = rows[size > 0] / size[size > 0, None], bounds[size > 0] / size[size > 0]
    unit = max(float(bounds.max()), 1e-300)  # the farthest violated plane is one unit away
    binding = bounds > -1e4 * unit
    step = nearest_point(rows[binding], bounds[binding] / unit)
    if step is None:
        return None
    return np.clip(best + unit * step, *box)
