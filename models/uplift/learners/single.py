"""The S-learner: one model of the outcome, the offer a feature among the others.

What is presented enters like any other feature, so that noise shrinks the effect towards nothing
(Kuenzel et al., PNAS 2019, section "Meta-algorithms").
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.uplift.base import BaseSettings, fit_base
from models.uplift.effect_form import EffectPart
from models.uplift.learners.contract import Name
from models.uplift.outcomes import OutcomeFits, outcome_rows
from models.uplift.presented import PresentedRows


class Single:
    """f(x, offer) - f(x, nothing), of one model f fitted on all contacts."""

    name: ClassVar[Name] = Name.S
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
        """Fit the one model; `outcomes` are of no use to it."""
        self.model_ = fit_base(
            outcome_rows(rows),
            customer=rows.customer,
            task=rows.task,
            settings=self.settings,
            kinds=self.settings.kinds,
            rng=rng,
        )
        return self

    def effects(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, k) differences of the one model."""
        return np.asarray(self.model_.by_offer(matrix) - self.model_.at_nothing(matrix)[:, None])

    def baseline(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n,) expected outcomes with nothing."""
        return self.model_.at_nothing(matrix)

    def forms(self, folder: Path, *, stem: str) -> tuple[EffectPart, ...]:
        """Return the one model twice: with the offer, less with nothing."""
        form = self.model_.form(folder, stem=f"{stem}.single")
        return (EffectPart(1.0, form, offered=True), EffectPart(-1.0, form, offered=False))
