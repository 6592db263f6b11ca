"""Pseudo-effects: numbers of (contact, offer) pairs whose conditional mean is the effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import Rows
from models.signals import Task
from models.uplift.base import Base, BaseSettings, fit_base
from models.uplift.presented import PresentedRows

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PseudoEffects:
    """Pairs: the contact's row, the offer's index, the pseudo-effect and its weight."""

    row: NDArray[np.intp]
    offer: NDArray[np.intp]
    effect: Numbers
    weight: Numbers


def offer_share(rows: PresentedRows) -> Numbers:
    """Return (n, k) the probability of the offer among the offer and nothing; NaN if neither."""
    offer, nothing = rows.propensity[:, 1:], rows.propensity[:, :1]
    total = np.where(offer + nothing > 0, offer + nothing, np.nan)
    return np.asarray(offer / total)


def compared_pairs(rows: PresentedRows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return row and offer of the comparable pairs in which the offer or nothing was given."""
    given = rows.action[:, None] == np.arange(rows.offers)
    nothing = (rows.action < 0)[:, None]
    row, offer = np.nonzero(rows.comparable & (given | nothing))
    return row, offer


def fit_effect(
    rows: PresentedRows,
    pseudo: PseudoEffects,
    *,
    settings: BaseSettings,
    rng: np.random.Generator,
) -> Base:
    """Return the regression of the pseudo-effects on (features, offer): the effect itself."""
    pairs = Rows(
        rows.matrix[pseudo.row],
        pseudo.offer,
        rows.offers,
        pseudo.effect,
        pseudo.weight / max(float(pseudo.weight.mean()), 1e-12),
        rows.at[pseudo.row],
    )
    customer = rows.customer[pseudo.row]
    return fit_base(
        pairs,
        customer=customer,
        task=Task.AMOUNT,
        settings=settings,
        kinds=settings.effect_kinds,
        rng=rng,
    )
