"""A customer's value over a horizon: expected purchases, discounted, times expected spend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.lifetime.histories import Histories
from models.lifetime.purchases import BgNbd, fit_purchases
from models.lifetime.spend import GammaGamma, fit_spend

Numbers = NDArray[np.float64]

WEEKS_PER_YEAR = 365.25 / 7
# Purchases are discounted as if made in the middle of each of these spans.
_SPAN_WEEKS = 4.0


@dataclass(frozen=True, slots=True)
class LifetimeModel:
    """Both models, fitted on the same histories."""

    purchases: BgNbd
    spend: GammaGamma

    def value(
        self,
        histories: Histories,
        *,
        weeks: float,
        margin_share: float = 1.0,
        yearly_discount: float = 0.0,
    ) -> Numbers:
        """Return (n,) expected money over the weeks to come, in the amounts' unit.

        `margin_share` is what is left of an amount, `yearly_discount` what money loses a year.
        """
        edges = np.append(np.arange(0.0, weeks, _SPAN_WEEKS), weeks)
        by_then = np.stack([self.purchases.expected(histories, weeks=edge) for edge in edges[1:]])
        within = np.diff(by_then, axis=0, prepend=0.0)
        middles = (edges[:-1] + edges[1:]) / 2
        worth = (1.0 + yearly_discount) ** (-middles / WEEKS_PER_YEAR)
        return np.asarray((worth @ within) * self.spend.expected(histories) * margin_share)


def fit_lifetime(histories: Histories) -> LifetimeModel:
    """Return both models; raises TooFewRowsError or NotFittedError."""
    return LifetimeModel(fit_purchases(histories), fit_spend(histories))
