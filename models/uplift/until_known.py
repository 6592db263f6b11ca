"""How many more contacts until it is known whether an offer adds money."""

from __future__ import annotations

from scipy import stats

from models.uplift.effects import NORMAL_95, Effect

POWER = 0.8
# More contacts than any centre has in years: no answer.
_MOST = 100_000_000


def contacts_until_known(effect: Effect, *, contacts: int, power: float = POWER) -> int | None:
    """Return how many more contacts it takes, 0 where the sign is known; None for too many.

    So many that, if the present estimate is the truth, the 95 % interval excludes 0 with this
    power: the standard error shrinks as one over the root of the contacts (Cohen, Statistical
    Power Analysis, 1988, ch. 2). `contacts` are those behind `effect`.
    """
    if effect.low > 0 or effect.high < 0:
        return 0
    if effect.estimate == 0:
        return None
    wanted = abs(effect.estimate) / (NORMAL_95 + float(stats.norm.ppf(power)))
    needed = contacts * (effect.standard_error / wanted) ** 2
    return None if needed > _MOST else max(round(needed) - contacts, 1)
