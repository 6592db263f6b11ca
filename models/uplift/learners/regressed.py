"""A learner that regresses pseudo-effects: DR, X and R differ in these alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.uplift.base import BaseSettings
from models.uplift.effect_form import EffectPart
from models.uplift.learners.contract import Name
from models.uplift.outcomes import OutcomeFits, cross_fit_outcomes
from models.uplift.presented import PresentedRows
from models.uplift.pseudo import PseudoEffects, fit_effect

Numbers = NDArray[np.float64]


class Regressed(ABC):
    """The regression of pseudo-effects on (features, offer)."""

    name: ClassVar[Name]
    ranks_only: ClassVar[bool] = False

    def __init__(self, settings: BaseSettings) -> None:
        self.settings = settings

    @staticmethod
    @abstractmethod
    def pseudo_effects(rows: PresentedRows, *, expected: Numbers) -> PseudoEffects:
        """Return numbers whose conditional mean is the effect.

        `expected` (n, k + 1) are expected outcomes by fits without the contact.
        """

    def fit(
        self,
        rows: PresentedRows,
        *,
        rng: np.random.Generator,
        outcomes: OutcomeFits | None = None,
    ) -> Self:
        """Cross-fit the outcome models, then regress the pseudo-effects on (features, offer)."""
        fits = outcomes or cross_fit_outcomes(rows, settings=self.settings, rng=rng)
        pseudo = self.pseudo_effects(rows, expected=fits.crossed)
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
