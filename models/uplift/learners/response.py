"""The response model: how likely (or how much) with the offer. A baseline, not an effect.

It ranks well where those who buy most are also those whom an offer moves most, and badly where
the best buyers would have bought anyway.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.uplift.base import BaseSettings
from models.uplift.effect_form import EffectPart
from models.uplift.learners.contract import Name
from models.uplift.outcomes import OutcomeFits, fit_outcomes
from models.uplift.presented import PresentedRows


class Response:
    """Ranks by the expected outcome with the offer; what would have come anyway is not taken off.

    `effects` gives that expected outcome: it orders contacts and is no effect.
    """

    name: ClassVar[Name] = Name.RESPONSE
    ranks_only: ClassVar[bool] = True

    def __init__(self, settings: BaseSettings) -> None:
        self.settings = settings

    def fit(
        self,
        rows: PresentedRows,
        *,
        rng: np.random.Generator,
        outcomes: OutcomeFits | None = None,
    ) -> Self:
        """Fit the expected outcome of contacts with an offer."""
        models = outcomes.models if outcomes else None
        models = models or fit_outcomes(rows, settings=self.settings, rng=rng)
        self.presented_ = models.presented
        return self

    def effects(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, k) expected outcomes with each offer."""
        return self.presented_.by_offer(matrix)

    def baseline(self, matrix: NDArray[np.float32]) -> None:
        """Return nothing: it knows only contacts with an offer."""
        return None

    def forms(self, folder: Path, *, stem: str) -> tuple[EffectPart, ...]:
        """Return one part, asked with the offer."""
        form = self.presented_.form(folder, stem=f"{stem}.presented")
        return (EffectPart(1.0, form, offered=True),)
