"""Judging an effect against all plans that the same coins could have given.

The statistic is the difference of the means per contact, studentised by coin: Chung and Romano,
Annals of Statistics 2013; for switching in time, Bojinov, Simchi-Levi and Zhao, Management Science
2023. Outcomes stand still and the coins are tossed anew, so however outcomes hang together in time,
the chance of a plan is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.experiments.seasons import Seasons
from models.experiments.totals import ExperimentError, Numbers, SlotTotals

DRAWS = 1999
LEVEL = 0.05
# Below so many draws that reach the statistic, the tail is drawn on with Student's t.
_TAIL = 10
_HALVINGS = 40
_FURTHEST = 60  # doublings of the bracket before an end counts as infinite

Signs = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """An effect per contact with its interval, its p-value against none, and its standard error.

    The interval holds every effect that the test does not reject at `level`.
    """

    effect: float
    low: float
    high: float
    p: float
    error: float
    level: float


class Randomisation:
    """The test of one outcome on one set of slots; draws are made once and shared by all levels.

    `outcome` has one total per slot. Raises ExperimentError where slots are too few to compare.
    """

    def __init__(
        self,
        totals: SlotTotals,
        *,
        outcome: Numbers,
        rng: np.random.Generator,
        draws: int = DRAWS,
    ) -> None:
        if not totals.comparable:
            raise ExperimentError(
                f"{totals.coins} blocks of slots are too few to compare.",
                fix="Wait until the plan has run for some days.",
            )
        seasons = Seasons(totals)
        _, place = np.unique(totals.coin, return_inverse=True)
        self._coins = int(place.max()) + 1
        self._place = np.asarray(place, dtype=np.int64)
        self._side = totals.side.astype(np.float64)
        heads = totals.on == (totals.side > 0)
        fell = np.zeros(self._coins)
        fell[place] = np.where(heads, 1.0, -1.0)
        tossed = rng.integers(0, 2, size=(draws, self._coins)) * 2.0 - 1.0
        self._signs: Signs = np.vstack([fell, tossed])
        self._middle_n, self._half_n = self._by_coin(totals.contacts)
        self._outcome = self._by_coin(seasons.without(outcome))
        self._added = self._by_coin(seasons.without(totals.contacts * totals.on))
        self.effect = self._estimate()

    def p(self, *, effect: float = 0.0) -> float:
        """Return the two-sided p-value of the hypothesis that each contact gains `effect`."""
        size = np.abs(self._studentised(effect)[0])
        reached = int((size[1:] >= size[0] * (1 - 1e-12)).sum())
        draws = len(size) - 1
        found = (1 + reached) / (1 + draws)
        if reached < _TAIL <= draws:
            anchor = float(np.partition(size[1:], -_TAIL)[-_TAIL])
            freedom = self._coins - 1
            beyond = stats.t.sf(size[0], freedom) / stats.t.sf(anchor, freedom)
            found = float(_TAIL / (1 + draws) * min(beyond, 1.0))
        return max(found, 2.0 ** (1 - self._coins))  # no fewer plans than that are possible

    def judged(self, *, level: float = LEVEL) -> Judged:
        """Return the effect, its interval at `level` by inverting the test, and its p-value."""
        error = self.error()
        low = self._end(-1, level=level, step=error)
        high = self._end(1, level=level, step=error)
        return Judged(self.effect, low, high, self.p(), error, level)

    def error(self) -> float:
        """Return the standard error of the effect, by coin, at the plan as it was drawn."""
        return float(self._studentised(self.effect, only_drawn=True)[1][0])

    def null_error(self) -> float:
        """Return the standard error over all plans, were there no effect: of a trial on nothing."""
        difference, _ = self._differences(self._outcome, self._signs[1:])
        return float(np.sqrt(np.mean(difference**2)))

    def _by_coin(self, total: Numbers) -> tuple[Numbers, Numbers]:
        """Return per coin half the sum over both sides, and half the difference."""
        whole = np.bincount(self._place, weights=total, minlength=self._coins)
        lean = np.bincount(self._place, weights=total * self._side, minlength=self._coins)
        return whole / 2, lean / 2

    def _estimate(self) -> float:
        """Return the effect without which the two arms would have the same mean."""
        drawn = self._signs[:1]
        difference, _ = self._differences(self._outcome, drawn)
        per_unit, _ = self._differences(self._added, drawn)
        return float(difference[0] / per_unit[0])

    def _studentised(self, effect: float, *, only_drawn: bool = False) -> tuple[Numbers, Numbers]:
        """Return the statistic and its standard error, of the plan as drawn and of each draw."""
        middle = self._outcome[0] - effect * self._added[0]
        half = self._outcome[1] - effect * self._added[1]
        signs = self._signs[:1] if only_drawn else self._signs
        difference, error = self._differences((middle, half), signs)
        safe = np.where(error > 0, error, np.inf)
        return np.where(difference == 0.0, 0.0, difference / safe), error

    def _differences(
        self, outcome: tuple[Numbers, Numbers], signs: Signs
    ) -> tuple[Numbers, Numbers]:
        """Return the difference of means and its standard error for each row of signs.

        A coin's part in it is `p + sign * q`, both linear in the coin's sums: so the sum of squares
        over coins needs six products of the signs with fixed vectors, whatever the number of draws.
        """
        (my, dy), (mn, dn) = outcome, (self._middle_n, self._half_n)
        fixed = np.column_stack([dy, dn, my * dy, my * dn, mn * dy, mn * dn])
        leaning = signs @ fixed
        on_n, off_n = mn.sum() + leaning[:, 1], mn.sum() - leaning[:, 1]
        on = (my.sum() + leaning[:, 0]) / on_n
        off = (my.sum() - leaning[:, 0]) / off_n
        a, b = 1 / on_n - 1 / off_n, on / on_n - off / off_n
        c, d = 1 / on_n + 1 / off_n, on / on_n + off / off_n
        squares = a * a * (my @ my) - 2 * a * b * (my @ mn) + b * b * (mn @ mn)
        squares = squares + c * c * (dy @ dy) - 2 * c * d * (dy @ dn) + d * d * (dn @ dn)
        cross = a * c * leaning[:, 2] - a * d * leaning[:, 3]
        cross = cross - b * c * leaning[:, 4] + b * d * leaning[:, 5]
        total = np.maximum(squares + 2 * cross, 0.0) * self._coins / (self._coins - 1)
        return on - off, np.sqrt(total)

    def _end(self, direction: int, *, level: float, step: float) -> float:
        """Return where the p-value falls to `level`, going one way from the effect."""
        if step <= 0.0:
            return self.effect
        inside, reach = self.effect, step
        outside = self.effect + direction * reach
        for _ in range(_FURTHEST):
            if self.p(effect=outside) <= level:
                break
            inside, reach = outside, reach * 1.5
            outside = self.effect + direction * reach
        else:
            return direction * float("inf")
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if self.p(effect=middle) <= level:
                outside = middle
            else:
                inside = middle
        return outside
