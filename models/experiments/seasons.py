"""Taking out what hours and weekdays differ by anyhow, without a look at the arms."""

from __future__ import annotations

import numpy as np

from models.experiments.totals import Numbers, SlotTotals


class Seasons:
    """The profile of weekday plus hour, fitted by least squares weighted by contacts.

    It depends on the clock and the contacts alone, so under the hypothesis of no effect what is
    left of an outcome is the same whichever plan had been drawn, and the test stays exact
    (Rosenbaum, Covariance Adjustment in Randomized Experiments, Statistical Science 2002).
    """

    def __init__(self, totals: SlotTotals) -> None:
        self._root = np.sqrt(totals.contacts)
        columns = [np.ones(len(totals))]
        for kind in (totals.day % 7, totals.hour):
            levels = np.unique(kind)
            columns += [(kind == level).astype(np.float64) for level in levels[1:]]
        matrix = np.column_stack(columns) * self._root[:, None]
        basis, sizes, _ = np.linalg.svd(matrix, full_matrices=False)
        kept = sizes > sizes[0] * 1e-9 if len(sizes) else np.zeros(0, dtype=bool)
        self._basis = basis[:, kept]

    def without(self, total: Numbers) -> Numbers:
        """Return each slot's total less what its weekday and hour bring on average."""
        scaled = total / self._root
        left = scaled - self._basis @ (self._basis.T @ scaled)
        return np.asarray(left * self._root, dtype=np.float64)
