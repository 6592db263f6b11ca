"""How often a customer will buy again: BG/NBD.

While alive a customer buys at random times at a rate of their own (rates are gamma distributed);
after each purchase they may leave for good with a probability of their own (beta distributed).
Fader, Hardie and Lee, "Counting your customers" the easy way: an alternative to the Pareto/NBD
model, Marketing Science 24 (2005). Equation numbers below are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from models.errors import ModelError, TooFewRowsError
from models.lifetime.histories import Histories

Numbers = NDArray[np.float64]

# Fewer customers who came back say nothing of how rates differ.
FEWEST_REPEATERS = 50
# Where the search starts: (r, alpha as a share of the longest history, a, b).
_STARTS = ((1.0, 0.2, 1.0, 1.0), (0.3, 0.1, 0.8, 2.5), (2.0, 1.0, 0.5, 5.0))
_FURTHEST = 12.0  # log of a parameter: beyond it the likelihood is flat


class NotFittedError(ModelError):
    """The likelihood has no maximum that the search finds."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """Fitted parameters: rates are gamma(r, alpha weeks), leaving is beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def alive(self, histories: Histories) -> Numbers:
        """Return (n,) probabilities that a customer has not left (section 5)."""
        return 1.0 / (1.0 + self._left_odds(histories))

    def expected(self, histories: Histories, *, weeks: float | Numbers) -> Numbers:
        """Return (n,) expected purchases within the weeks to come (equation 10)."""
        x, known = histories.repeats, self.alpha + histories.known_weeks
        z = weeks / (known + weeks)
        ever = self._ever(self.r + x, self.b + x, z)
        return np.asarray(ever / (1.0 + self._left_odds(histories)))

    def expected_of_new(self, *, weeks: float | Numbers) -> Numbers:
        """Return the expected repeat purchases of a customer who has just bought (equation 9)."""
        weeks = np.asarray(weeks, dtype=np.float64)
        z = weeks / (self.alpha + weeks)
        return self._ever(np.full(z.shape, self.r), np.full(z.shape, self.b), z)

    def _ever(self, power: Numbers, second: Numbers, z: Numbers) -> Numbers:
        """Return the purchases of one who is alive: (1 - (1-z)^power 2F1(power, second; c; z)).

        Euler's transformation gives the same with other powers; of the two the one with the
        smaller is taken, so that neither many purchases nor a large a overflow.
        """
        c = self.a + second - 1
        plain = power < self.a - 1
        first = np.where(plain, power, c - power)
        gone = hyp2f1(first, np.where(plain, second, self.a - 1), c, z)
        gone = gone * (1 - z) ** np.minimum(power, self.a - 1)
        return np.asarray(c / (self.a - 1) * (1 - gone))

    def _left_odds(self, histories: Histories) -> Numbers:
        x = histories.repeats
        known = self.alpha + histories.known_weeks
        silent = known / (self.alpha + histories.last_weeks)
        odds = self.a / np.maximum(self.b + x - 1, 1e-12) * silent ** (self.r + x)
        return np.where(x > 0, odds, 0.0)


def fit_purchases(histories: Histories) -> BgNbd:
    """Return the parameters of greatest likelihood.

    Raises TooFewRowsError with fewer than fifty customers who came back, NotFittedError.
    """
    repeaters = int((histories.repeats > 0).sum())
    if repeaters < FEWEST_REPEATERS:
        raise TooFewRowsError(
            f"{repeaters} of {len(histories):,} customers bought a second time.",
            fix=f"At least {FEWEST_REPEATERS} are needed: give a longer history.",
        )
    longest = float(histories.known_weeks.max())
    rows, counts = _alike(histories)

    def loss(logs: Numbers) -> float:
        held = np.exp(np.clip(logs, -_FURTHEST, _FURTHEST))
        return -float(counts @ log_likelihood(rows, *held)) / len(histories)

    best = None
    for r, share, a, b in _STARTS:
        found = minimize(
            loss, np.log([r, share * longest, a, b]), method="L-BFGS-B", options={"maxiter": 500}
        )
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun):
            best = found
    if best is None or bool((np.abs(best.x) >= _FURTHEST).any()):
        raise NotFittedError(
            "The purchases do not tell rates and leaving apart.",
            fix="Give a longer history; over a short one everybody looks alike.",
        )
    r, alpha, a, b = (float(value) for value in np.exp(best.x))
    return BgNbd(r, alpha, a, b, -float(best.fun) * len(histories))


def log_likelihood(histories: Histories, r: float, alpha: float, a: float, b: float) -> Numbers:
    """Return (n,) logs of the likelihood of each history (equation 6)."""
    x = histories.repeats
    buying = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    staying = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + histories.known_weeks)
    came = np.maximum(x, 1.0)  # who never came back cannot have left after coming back
    leaving = (
        betaln(a + 1, b + came - 1) - betaln(a, b) - (r + x) * np.log(alpha + histories.last_weeks)
    )
    return np.asarray(buying + np.where(x > 0, np.logaddexp(staying, leaving), staying))


def _alike(histories: Histories) -> tuple[Histories, Numbers]:
    """Return one of each kind of history, and how many customers have it."""
    seen = np.column_stack([histories.repeats, histories.last_weeks, histories.known_weeks])
    _, first, counts = np.unique(seen, axis=0, return_index=True, return_counts=True)
    return histories.take(first), counts.astype(np.float64)
