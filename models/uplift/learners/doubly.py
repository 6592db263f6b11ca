"""The DR-learner: the doubly robust scores of each offer against nothing are regressed.

The regression is right when either the outcome models or the probabilities are (Kennedy, Electronic
Journal of Statistics 2023). With logged probabilities the scores are unbiased whatever the outcome
models say; small probabilities make them noisy.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.uplift.doubly_robust import effect_scores
from models.uplift.learners.contract import Name
from models.uplift.learners.regressed import Regressed
from models.uplift.presented import PresentedRows
from models.uplift.pseudo import PseudoEffects

Numbers = NDArray[np.float64]


class Doubly(Regressed):
    """The regression of doubly robust scores on (features, offer)."""

    name: ClassVar[Name] = Name.DR

    @staticmethod
    def pseudo_effects(rows: PresentedRows, *, expected: Numbers) -> PseudoEffects:
        """Return the doubly robust score of every comparable pair, all of weight one."""
        scores = effect_scores(rows, expected=expected)
        row, offer = np.nonzero(rows.comparable)
        return PseudoEffects(row, offer, scores[row, offer], np.ones(len(row)))
