"""The X-learner: what each contact missed is imputed, and the differences are regressed.

A contact with the offer is compared with what was expected of it with nothing, a contact with
nothing with what was expected with the offer (Kuenzel et al., PNAS 2019). Both kinds of difference
enter one weighted regression, so that the effect compiles as one model: with r the probability of
the offer among the two, contacts with the offer weigh 1 - r and those without weigh r (the overlap
weights of Li, Morgan and Zaslavsky, JASA 2018), where the paper mixes two regressions by r.
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


class Imputing:
    """The regression of imputed differences on (features, offer)."""

    name: ClassVar[Name] = Name.X
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
        pseudo = imputed_differences(rows, expected=fits.crossed)
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


def imputed_differences(rows: PresentedRows, *, expected: Numbers) -> PseudoEffects:
    """Return outcome less expected with nothing, or expected with the offer less outcome."""
    row, offer = compared_pairs(rows)
    given = rows.action[row] >= 0
    outcome = rows.outcome[row]
    effect = np.where(given, outcome - expected[row, 0], expected[row, offer + 1] - outcome)
    share = offer_share(rows)[row, offer]
    return PseudoEffects(row, offer, effect, np.where(given, 1.0 - share, share))
