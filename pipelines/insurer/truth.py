"""The truth: how likely a customer accepts, buys anyway, and lapses, per stage and offer.

Each logit is a sum over observable terms; the weights differ, often in sign, between stages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.insurer.catalogue import LIFE, OFFER_IDS
from pipelines.insurer.span import Floats, logistic
from pipelines.insurer.terms import TERM, Observation

# Weights of the terms on taking a presented offer: prospect, lead, new business, purchaser.
_ACCEPT = {
    "enquiries_90": (0.0, 0.45, -0.40, 0.20),
    "page_views_30": (0.60, -0.35, 0.30, -0.40),
    "logins_30": (-0.35, 0.35, -0.45, 0.40),
    "email_opens_90": (-0.50, 0.40, -0.35, 0.35),
    "app_actions_90": (0.35, -0.30, 0.45, -0.30),
    "missed_payments_90": (0.0, 0.0, 0.0, -0.45),
    "claims_90": (0.0, 0.0, 0.0, -0.40),
    "days_in_stage": (0.0, -0.35, 0.40, 0.30),
    "age": (0.50, -0.40, 0.45, -0.40),
    "income": (-0.40, 0.45, -0.45, 0.50),
    "household_size": (0.30, -0.20, 0.20, 0.25),
    "home_owner": (0.25, -0.20, 0.30, -0.20),
    "expectant": (0.20, 0.50, 0.40, -0.20),
    "first_referral": (0.80, -0.40, 0.60, 0.30),
    "first_direct_mail": (-0.50, 0.60, -0.50, 0.30),
    "last_search": (0.50, -0.40, 0.30, -0.40),
    "last_social": (-0.40, 0.40, -0.40, 0.30),
    "prior_contacts": (-0.30, 0.25, -0.30, 0.25),
    "reason_quote": (0.60, 0.80, -0.50, 0.60),
    "reason_billing": (-0.40, -0.30, 0.50, -0.50),
    "reason_cancel": (-0.60, -0.90, -0.60, -1.00),
    "reason_claim": (-0.30, -0.30, -0.30, -1.00),
}
# The same for buying within two weeks although nothing was presented: much flatter.
_ANYWAY = {
    "enquiries_90": (0.0, 0.40, 0.15, 0.20),
    "page_views_30": (0.30, 0.25, 0.20, 0.25),
    "logins_30": (0.20, -0.15, 0.25, -0.15),
    "age": (-0.25, 0.25, -0.20, 0.20),
    "income": (0.25, -0.15, 0.20, -0.20),
    "missed_payments_90": (0.0, 0.0, 0.0, 0.20),
    "claims_90": (0.0, 0.0, 0.0, 0.25),
    "reason_quote": (0.50, 0.50, 0.40, 0.50),
    "reason_cancel": (0.20, 0.20, 0.20, 0.20),
}
_LAPSE = {
    "missed_payments_90": (0.40, 0.40, 0.40, 0.55),
    "age": (-0.55, -0.50, -0.55, -0.45),
    "income": (-0.50, -0.45, -0.40, -0.50),
    "household_size": (0.15, 0.15, 0.20, 0.20),
    "expectant": (0.90, 0.90, 0.90, 0.90),
    "first_direct_mail": (0.50, 0.40, 0.50, 0.40),
    "last_social": (0.60, 0.50, 0.50, 0.50),
    "first_referral": (-0.60, -0.50, -0.50, -0.50),
    "reason_cancel": (0.60, 0.60, 0.60, 0.70),
    "prior_contacts": (0.20, 0.15, 0.20, 0.15),
}
# What an offer adds of its own, at every stage.
_ACCEPT_BY_OFFER = {
    "term_life": {"expectant": 1.1, "household_size": 0.25, "age": -0.15},
    "whole_life": {"expectant": 0.8, "income": 0.25},
    "home": {"home_owner": 0.35, "household_size": 0.15},
    "motor": {"age": -0.25, "last_search": 0.2},
    "legal": {"reason_claim": 0.4, "income": -0.15},
}
_ANYWAY_BY_OFFER = {
    "term_life": {"expectant": 0.7},
    "whole_life": {"expectant": 0.5},
    "home": {"home_owner": 0.3},
    "motor": {"age": -0.2},
    "legal": {"income": -0.1},
}
# Where every term is at its mean, as logits: stages down, offers (as in the catalogue) across.
_ACCEPT_BASE = np.array(
    [
        (-1.9, -1.9, -1.9, -1.9, -2.9),
        (-2.4, -2.6, -2.4, -2.3, -3.1),
        (-1.7, -1.7, -1.7, -1.6, -3.0),
        (-2.2, -2.3, -2.0, -2.0, -3.1),
    ]
)
_ANYWAY_BASE = np.array(
    [
        (-3.4, -3.6, -3.3, -3.1, -2.5),
        (-3.2, -3.4, -3.1, -3.0, -2.5),
        (-3.2, -3.4, -3.3, -3.1, -2.5),
        (-3.3, -3.5, -3.2, -3.1, -2.5),
    ]
)
_LAPSE_BASE = np.array((-1.7, -1.9, -1.9, -1.6, -1.8))


@dataclass(frozen=True, slots=True)
class Chances:
    """Probabilities, one row per observation and one column per offer of the catalogue."""

    accept: Floats
    anyway: Floats
    lapse: Floats


def chances(seen: Observation) -> Chances:
    """Return how likely each customer takes, buys anyway and lets lapse each offer."""
    return Chances(
        accept=logistic(_ACCEPT_BASE[seen.stage] + _sum(seen, _W_ACCEPT) + _bends(seen)),
        anyway=logistic(_ANYWAY_BASE[seen.stage] + _sum(seen, _W_ANYWAY)),
        lapse=logistic(_LAPSE_BASE + _sum(seen, _W_LAPSE)),
    )


def _weights(
    by_stage: Mapping[str, Sequence[float]], by_offer: Mapping[str, Mapping[str, float]]
) -> Floats:
    """Return the weights as stage x term x offer."""
    weights = np.zeros((4, len(TERM), len(OFFER_IDS)))
    for name, values in by_stage.items():
        weights[:, TERM[name], :] += np.array(values)[:, None]
    for place, offer_id in enumerate(OFFER_IDS):
        for name, value in by_offer.get(offer_id, {}).items():
            weights[:, TERM[name], place] += value
    return weights


_W_ACCEPT = _weights(_ACCEPT, _ACCEPT_BY_OFFER)
_W_ANYWAY = _weights(_ANYWAY, _ANYWAY_BY_OFFER)
_W_LAPSE = _weights(_LAPSE, {})


def _sum(seen: Observation, weights: Floats) -> Floats:
    total = np.empty((seen.stage.size, weights.shape[2]))
    for stage in range(weights.shape[0]):
        rows = seen.stage == stage
        total[rows] = seen.terms[rows] @ weights[stage]
    return total


def _bends(seen: Observation) -> Floats:
    """Return what is not a straight line: one mild bend per stage, the same for every offer."""

    def term(name: str) -> Floats:
        return seen.terms[:, TERM[name]]

    bends = (
        0.25 * term("age") * term("page_views_30"),
        0.5 * (term("enquiries_90") > 1.0) * (term("days_in_stage") < 0.0),
        0.25 * term("income") * term("household_size"),
        -0.6 * (term("missed_payments_90") > 2.0) * (term("age") < 0.0),
    )
    bend = np.choose(seen.stage, bends)[:, None]
    # Cover for a life is worth most to a big household.
    return np.asarray(bend + 0.1 * LIFE * term("household_size")[:, None])
