"""Whether as many contacts came to slots that were on as to those that were off."""

from __future__ import annotations

import numpy as np

from models.experiments.randomisation import DRAWS
from models.experiments.totals import SlotTotals


def arrivals_p(totals: SlotTotals, *, rng: np.random.Generator, draws: int = DRAWS) -> float:
    """Return the p-value of equal arrivals, the plan's coins tossed anew.

    A small one means that who counts depends on the arm, so that no comparison can be trusted: a
    sample ratio mismatch (Fabijan and others, KDD 2019).
    """
    sign = np.where(totals.on, 1.0, -1.0)
    _, place = np.unique(totals.coin, return_inverse=True)
    more = np.bincount(place, weights=sign * totals.contacts)
    tossed = rng.integers(0, 2, size=(draws, len(more))) * 2.0 - 1.0
    reached = int((np.abs(tossed @ more) >= abs(more.sum()) - 1e-9).sum())
    return (1 + reached) / (1 + draws)
