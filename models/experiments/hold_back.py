"""The second comparison: customers whom the plan never offers anything, against the others."""

from __future__ import annotations

import numpy as np
from scipy import stats

from models.experiments.randomisation import LEVEL, Judged
from models.experiments.totals import Flags, Numbers, Whole
from models.uplift.effects import LEAST_CONTACTS, clustered_error, influence


def hold_back_effect(outcome: Numbers, *, customer: Whole, held: Flags) -> Judged | None:
    """Return what the others gain per contact over the held back; None where those are too few.

    One element a contact, all in slots that were on, so that both kinds called in the same hours.
    The error counts customers, who were drawn, not contacts (Liang and Zeger, Biometrika 1986).
    """
    if min(int(held.sum()), int((~held).sum())) < LEAST_CONTACTS:
        return None
    even = np.ones(len(outcome))
    with_offers, without, pull = influence(outcome, presented=~held, nothing=held, probability=even)
    error = clustered_error(pull, customer=customer)
    effect = with_offers - without
    if error == 0.0:
        return Judged(effect, effect, effect, float(effect == 0.0), error, LEVEL)
    reach = float(stats.norm.ppf(1 - LEVEL / 2)) * error
    p = float(2 * stats.norm.sf(abs(effect) / error))
    return Judged(effect, effect - reach, effect + reach, p, error, LEVEL)
