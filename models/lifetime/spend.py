"""How much a customer spends on a purchase: gamma-gamma.

Each purchase varies around the customer's own mean, the means vary between customers, and neither
depends on how often they buy. Fader, Hardie and Lee, RFM and CLV: using iso-value curves for
customer base analysis, Journal of Marketing Research 42 (2005); Fader and Hardie, The gamma-gamma
model of monetary value (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from models.errors import TooFewRowsError
from models.lifetime.histories import Histories
from models.lifetime.purchases import FEWEST_REPEATERS

Numbers = NDArray[np.float64]

_STARTS = ((1.0, 1.5, 1.0), (6.0, 4.0, 0.5), (2.0, 2.0, 2.0))
# The mean over all customers exists only where q is above one.
_LEAST_Q = 1.01


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Fitted parameters, `gamma` in the amounts' unit; `r` correlates spend with frequency.

    The model takes spend and frequency to be independent: a correlation beyond 0.3 or so means
    that it should not be trusted for heavy buyers.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float
    r: float

    @property
    def mean(self) -> float:
        """The expected amount of a purchase of a customer of whom nothing is known."""
        return self.p * self.gamma / (self.q - 1)

    def expected(self, histories: Histories) -> Numbers:
        """Return (n,) expected amounts of a purchase: the customer's own mean, drawn to all's."""
        x = histories.repeats
        own = self.p * (self.gamma + histories.spend * x) / (self.p * x + self.q - 1)
        return np.asarray(own)


def fit_spend(histories: Histories) -> GammaGamma:
    """Return the parameters of greatest likelihood, of customers with a repeat amount above 0.

    Raises TooFewRowsError with fewer than fifty of them.
    """
    chosen = (histories.repeats > 0) & (histories.spend > 0)
    if int(chosen.sum()) < FEWEST_REPEATERS:
        raise TooFewRowsError(
            f"{int(chosen.sum())} customers bought a second time for more than nothing.",
            fix=f"At least {FEWEST_REPEATERS} are needed: give a longer history, with amounts.",
        )
    x, mean = histories.repeats[chosen], histories.spend[chosen]
    unit = float(mean.mean())

    def loss(logs: Numbers) -> float:
        p, above, gamma = np.exp(logs)
        return -float(_log_likelihood(x, mean / unit, p, _LEAST_Q + above, gamma).mean())

    found = min(
        (minimize(loss, np.log([p, q - _LEAST_Q, g]), method="L-BFGS-B") for p, q, g in _STARTS),
        key=lambda each: float(each.fun),
    )
    p, above, gamma = (float(value) for value in np.exp(found.x))
    q = _LEAST_Q + above
    total = float(_log_likelihood(x, mean, p, q, gamma * unit).sum())
    return GammaGamma(p, q, gamma * unit, total, float(np.corrcoef(x, mean)[0, 1]))


def _log_likelihood(x: Numbers, mean: Numbers, p: float, q: float, gamma: float) -> Numbers:
    px = p * x
    return np.asarray(
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(gamma)
        + (px - 1) * np.log(mean)
        + px * np.log(x)
        - (px + q) * np.log(gamma + x * mean)
    )
