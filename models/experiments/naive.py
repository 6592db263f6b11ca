"""The comparison that is not to be trusted: contact by contact, as if hours did not matter."""

from __future__ import annotations

import numpy as np
from scipy import stats

from models.experiments.randomisation import LEVEL, Judged
from models.experiments.totals import Numbers, SlotTotals


def welch(totals: SlotTotals, *, outcome: Numbers, squares: Numbers) -> Judged:
    """Return Welch's t-test over contacts (Biometrika 1947), the arms as two plain samples.

    `outcome` and `squares` are sums over the contacts of each slot. Contacts of one hour are alike,
    which it does not know: it finds effects where there are none.
    """
    mean, variance = [], []
    counts = []
    for arm in (totals.on, ~totals.on):
        count = totals.contacts[arm].sum()
        middle = outcome[arm].sum() / count
        spread = (squares[arm].sum() - count * middle**2) / (count - 1)
        mean.append(middle)
        variance.append(max(spread, 0.0) / count)
        counts.append(count)
    error = float(np.sqrt(sum(variance)))
    effect = float(mean[0] - mean[1])
    if error == 0.0:
        return Judged(effect, effect, effect, float(effect == 0.0), error, LEVEL)
    parts = [v**2 / (count - 1) for v, count in zip(variance, counts, strict=True)]
    freedom = float(sum(variance) ** 2 / sum(parts))
    reach = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(effect) / error, freedom))
    return Judged(effect, effect - reach, effect + reach, p, error, LEVEL)
