"""The T-learner: a model of contacts with an offer less a model of contacts without.

Each model spends its strength on the outcome, not on the difference: good where the two differ
much, noisy where they are nearly alike (Kuenzel et al., PNAS 2019).
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


class Two:
    """Expected outcome with the offer minus expected outcome with nothing, of two models."""

    name: ClassVar[Name] = Name.T
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
        """Fit the two models."""
        models = outcomes.models if outcomes else None
        self.models_ = models or fit_outcomes(rows, settings=self.settings, rng=rng)
        return self

    def effects(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, k) differences of the two models."""
        expected = self.models_.predict(matrix)
        return np.asarray(expected[:, 1:] - expected[:, :1])

    def baseline(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n,) expected outcomes with nothing."""
        return self.models_.nothing.at_nothing(matrix)

    def forms(self, folder: Path, *, stem: str) -> tuple[EffectPart, ...]:
        """Return the model with the offer, less the model with nothing."""
        presented = self.models_.presented.form(folder, stem=f"{stem}.presented")
        nothing = self.models_.nothing.form(folder, stem=f"{stem}.nothing")
        return (
            EffectPart(1.0, presented, offered=True),
            EffectPart(-1.0, nothing, offered=False),
        )
