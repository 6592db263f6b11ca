"""The R score: how much of what nothing else explains the predicted effects explain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.uplift.learners.residual import Residual
from models.uplift.presented import PresentedRows

Numbers = NDArray[np.float64]


def r_score(rows: PresentedRows, *, expected: Numbers, effects: Numbers) -> float:
    """Return 1 - loss / loss of each offer's one best number; above 0 the effects say something.

    The loss is that of the R-learner (Nie and Wager, Biometrika 2021; the score is that of
    Schuler et al., 2018). `expected` (n, k + 1) and `effects` (n, k) come from fits without these
    rows. 0 when nothing can be compared.
    """
    ratios = Residual.pseudo_effects(rows, expected=expected)
    total = np.bincount(ratios.offer, weights=ratios.weight, minlength=rows.offers)
    summed = np.bincount(ratios.offer, ratios.weight * ratios.effect, minlength=rows.offers)
    level = summed / np.maximum(total, 1e-12)
    plain = ratios.weight @ (ratios.effect - level[ratios.offer]) ** 2
    told = ratios.weight @ (ratios.effect - effects[ratios.row, ratios.offer]) ** 2
    return float(1.0 - told / plain) if plain > 0 else 0.0
