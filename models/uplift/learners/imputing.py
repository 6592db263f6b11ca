"""The X-learner: what each contact missed is imputed, and the differences are regressed.

A contact with the offer is compared with what was expected of it with nothing, a contact with
nothing with what was expected with the offer (Kuenzel et al., PNAS 2019). Both kinds of difference
enter one weighted regression, so that the effect compiles as one model: with r the probability of
the offer among the two, contacts with the offer weigh 1 - r and those without weigh r (the overlap
weights of Li, Morgan and Zaslavsky, JASA 2018), where the paper mixes two regressions by r.
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


class Imputing(Regressed):
    """The regression of imputed differences on (features, offer)."""

    name: ClassVar[Name] = Name.X

    @staticmethod
    def pseudo_effects(rows: PresentedRows, *, expected: Numbers) -> PseudoEffects:
        """Return outcome less expected with nothing, or expected with the offer less outcome."""
        row, offer = compared_pairs(rows)
        given = rows.action[row] >= 0
        outcome = rows.outcome[row]
        effect = np.where(given, outcome - expected[row, 0], expected[row, offer + 1] - outcome)
        share = offer_share(rows)[row, offer]
        return PseudoEffects(row, offer, effect, np.where(given, 1.0 - share, share))
