"""The R-learner: what the mean outcome leaves is regressed on what the mean presentation leaves.

Among contacts given the offer or nothing, let A say that it was the offer, r its probability and m
the mean outcome over both. The effect minimises the sum of (y - m - (A - r) effect)^2, which is the
regression of (y - m) / (A - r) with weights (A - r)^2 (Nie and Wager, Biometrika 2021; several
offers pairwise against nothing). With known probabilities m follows from the outcome models.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.uplift.base import BaseSettings
from models.uplift.effect_form import EffectPart
from models.uplift.learners.contract import Name
from models.uplift.outcomes import OutcomeFits, cross_fit_outcomes
from models.uplift.presented import PresentedRows
from models.uplift.pseudo import PseudoEffects, compared_pairs, fit_effect, offer_share

Numbers = NDArray[np.float64]


class Residual:
    """The regression of residual on residual, on (features, offer)."""

    name: ClassVar[Name] = Name.R
    ranks_only: ClassVar[bool] = False

    def __init__(self, settings: BaseSettings) -> None:
        self.settings = settings

    def fit(
        self,
        rows: PresentedRows,
        *,
        rng: np.random.Generator,
        outcomes: OutcomeFits | None = None,
    ) -> Self:
        """Cross-fit the outcome models, then regress the pseudo-effects on (features, offer)."""
        fits = outcomes or cross_fit_outcomes(rows, settings=self.settings, rng=rng)
        pseudo = residual_ratios(rows, expected=fits.crossed)
        self.nothing_ = fits.models.nothing
        self.effect_ = fit_effect(rows, pseudo, settings=self.settings, rng=rng)
        return self

    def effects(self, matrix: NDArray[np.float32]) -> Numbers:
        """Return (n, k) effects, as regressed."""
        return self.effect_.by_offer(matrix)

    def baseline(self, matrix: NDArray[np.float32]) -> Numbers:
        """Return (n,) expected outcomes with nothing."""
        return self.nothing_.at_nothing(matrix)

    def forms(self, folder: Path, *, stem: str) -> tuple[EffectPart, ...]:
        """Return the one regression, asked with the offer."""
        return (EffectPart(1.0, self.effect_.form(folder, stem=f"{stem}.effect"), offered=True),)


def residual_ratios(rows: PresentedRows, *, expected: Numbers) -> PseudoEffects:
    """Return the ratio of the residuals of every compared pair, weighted by its square."""
    row, offer = compared_pairs(rows)
    share = offer_share(rows)[row, offer]
    mean = share * expected[row, offer + 1] + (1.0 - share) * expected[row, 0]
    left = (rows.action[row] >= 0) - share
    return PseudoEffects(row, offer, (rows.outcome[row] - mean) / left, left**2)
