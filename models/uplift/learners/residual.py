"""The R-learner: what the mean outcome leaves is regressed on what the mean presentation leaves.

Among contacts given the offer or nothing, let A say that it was the offer, r its probability and m
the mean outcome over both. The effect minimises the sum of (y - m - (A - r) effect)^2, which is the
regression of (y - m) / (A - r) with weights (A - r)^2 (Nie and Wager, Biometrika 2021; several
offers pairwise against nothing). With known probabilities m follows from the outcome models.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.uplift.learners.contract import Name
from models.uplift.learners.regressed import Regressed
from models.uplift.presented import PresentedRows
from models.uplift.pseudo import PseudoEffects, compared_pairs, offer_share

Numbers = NDArray[np.float64]


class Residual(Regressed):
    """The regression of residual on residual, on (features, offer)."""

    name: ClassVar[Name] = Name.R

    @staticmethod
    def pseudo_effects(rows: PresentedRows, *, expected: Numbers) -> PseudoEffects:
        """Return the ratio of the residuals of every compared pair, weighted by its square."""
        row, offer = compared_pairs(rows)
        share = offer_share(rows)[row, offer]
        mean = share * expected[row, offer + 1] + (1.0 - share) * expected[row, 0]
        left = (rows.action[row] >= 0) - share
        return PseudoEffects(row, offer, (rows.outcome[row] - mean) / left, left**2)
