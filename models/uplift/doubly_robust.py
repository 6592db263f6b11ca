"""Doubly robust scores: what one logged contact says of every action it could have been given.

For contact i and action a, with expected outcome m_a and probability e_a,

    score_ia = m_a(x_i) + 1[a_i = a] (y_i - m_a(x_i)) / e_a(x_i).

Its mean is the mean outcome under a when either m or e is right (Robins, Rotnitzky and Zhao, JASA
1994); with m from fits without the contact, scores of different customers are independent enough
for plain intervals (Chernozhukov et al., Econometrics Journal 2018).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.uplift.presented import PresentedRows

Numbers = NDArray[np.float64]


def action_scores(rows: PresentedRows, *, expected: Numbers) -> Numbers:
    """Return (n, k + 1) scores of nothing and of each offer; `expected` has the same shape.

    An action that had no probability keeps its expected outcome: nothing was seen of it.
    """
    scores = expected.copy()
    row, place = np.arange(len(rows)), rows.action + 1
    scores[row, place] += (rows.outcome - expected[row, place]) / rows.taken
    return scores


def effect_scores(rows: PresentedRows, *, expected: Numbers) -> Numbers:
    """Return (n, k) scores of each offer against nothing; NaN where not comparable."""
    scores = action_scores(rows, expected=expected)
    return np.where(rows.comparable, scores[:, 1:] - scores[:, :1], np.nan)
