"""The Lagrangian dual of customers held in memory: its value, its slope and its least point."""

from __future__ import annotations

import numpy as np

from routing.allocation.batch import CustomerBatch, Floats
from routing.allocation.level import Least, minimise
from routing.allocation.problem import PARTS, Problem, Wholes, best_of, prepare

_NEAR = 1e-4  # of the worth: how much lower than at prices in force the dual is first sought
_CEILING = 1e3  # prices are sought up to so many times the average value of a unit
Box = tuple[Floats, Floats]


class Dual:
    """The dual of a batch, in which each customer stands for `scale` of them.

    `worthless` takes every offer to add nothing: then a value below 0 proves that the limits
    cannot all be met.
    """

    def __init__(
        self,
        batch: CustomerBatch,
        *,
        problem: Problem,
        scale: float = 1.0,
        spread: float = 0.0,
        worthless: bool = False,
    ) -> None:
        ready = prepare(batch, problem=problem, spread=spread)
        self._ready = ready
        self._scale = scale
        value = np.where(ready.open, 0.0 if worthless else ready.value, -np.inf)
        self._value: Floats = value
        self._units = ready.units().reshape(len(ready.signs), -1)  # (L, n x m), signed
        flat = np.abs(self._units).reshape(len(ready.signs), *value.shape)
        #: (L,) units that all open pairs would use together.
        self.potential: Floats = np.einsum("lnm,n->l", flat * ready.open, ready.weight) * scale
        worth = np.where(ready.open, np.abs(ready.batch.added_value), 0.0)
        #: Money of all open pairs together, losses counted as money too.
        self.worth = float((worth * ready.weight[:, None]).sum()) * scale

    def at(self, prices: Floats, *, bounds: Floats) -> tuple[float, Floats]:
        """Return the dual at (L,) prices, and its slope; `bounds` (L,) are signed, in units."""
        weight = self._ready.weight
        # No BLAS: its threads wait for each other, busily, where other work has the cores.
        flat: Floats = self._value.reshape(-1).copy()
        for number in np.flatnonzero(prices):
            flat -= prices[number] * self._units[number]
        surplus = flat.reshape(self._value.shape)
        picks, above = best_of(surplus, places=self._ready.places)
        usage = np.zeros(len(prices))
        for pick in picks.T:
            taken = np.flatnonzero(pick >= 0)
            units = self._units[:, taken * self._value.shape[1] + pick[taken]]
            usage += (units * weight[taken]).sum(axis=1)
        value = float((weight * above.sum(axis=1)).sum()) * self._scale
        return value + float(prices @ bounds), bounds - usage * self._scale

    def average_prices(self) -> Floats:
        """Return (L,) the money of all pairs over the units they use: a measure for prices."""
        return np.divide(
            self.worth,
            self.potential,
            out=np.zeros_like(self.potential),
            where=self.potential > 0.0,
        )

    def refute(self, bounds: Wholes) -> Least | None:
        """Return prices of a dual below 0, or None where there are none; for worthless offers.

        Only the directions of prices matter, so each is sought up to one unit of its limit's size.
        """
        units = bounds / PARTS
        size = np.maximum(np.maximum(np.abs(units), self.potential * 1e-3), 1e-9)

        def oracle(scaled: Floats) -> tuple[float, Floats]:
            value, slope = self.at(scaled / size, bounds=units)
            return value, slope / size

        least = minimise(
            oracle,
            start=np.full(len(units), 0.5),
            lowest=np.zeros(len(units)),
            highest=np.ones(len(units)),
            lower=-float(len(units)),
            tolerance=1e-8,
            enough=-1e-2,
        )
        if least.value >= -1e-7:
            return None
        return Least(least.point / size, least.value, least.lower, least.looks)

    def solve(
        self, bounds: Wholes, *, start: Floats, tolerance: float, box: Box | None = None
    ) -> Least:
        """Return the prices of least dual; `bounds` (L,) are signed, in parts.

        `tolerance` is a share of the worth; `box` are (L,) least and greatest prices.
        """
        units = bounds / PARTS
        lowest, highest = box or (np.zeros(len(units)), _CEILING * self.average_prices())
        size = np.maximum(np.maximum(np.abs(units), self.potential * 1e-3), 1e-9)

        def oracle(scaled: Floats) -> tuple[float, Floats]:
            value, slope = self.at(scaled / size, bounds=units)
            return value, slope / size

        worth = max(self.worth, 1e-9)
        most = float(np.abs(units) @ highest) if box else 0.0
        least = minimise(
            oracle,
            start=start * size,
            lowest=lowest * size,
            highest=highest * size,
            lower=-worth - most,
            tolerance=worth * tolerance,
            depth=worth * (_NEAR if start.any() else 1.0),
        )
        return Least(least.point / size, least.value, least.lower, least.looks)
