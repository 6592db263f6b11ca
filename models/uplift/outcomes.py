"""The outcome models of a log: what comes of a contact with each offer, and with nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import Rows
from models.uplift.base import Base, BaseSettings, fit_base
from models.uplift.effects import LogError
from models.uplift.folds import customer_folds
from models.uplift.presented import PresentedRows

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutcomeModels:
    """Two regressions: of contacts with an offer on (features, offer), of the others on features.

    The offers share one regression, so that a rare offer learns from the others.
    """

    presented: Base
    nothing: Base

    def predict(self, matrix: NDArray[np.float32]) -> Numbers:
        """Return (n, k + 1) expected outcomes: with nothing, then with each offer."""
        return np.column_stack([self.nothing.at_nothing(matrix), self.presented.by_offer(matrix)])

    def refitted(self, rows: PresentedRows) -> OutcomeModels:
        """Return the same regressions fitted on other contacts."""
        with_offer, without = _parts(rows)
        return OutcomeModels(
            self.presented.refitted(outcome_rows(rows.take(with_offer))),
            self.nothing.refitted(outcome_rows(rows.take(without))),
        )


@dataclass(frozen=True, slots=True)
class OutcomeFits:
    """The outcome models of a log, and each contact's expected outcomes by fits without it.

    `crossed` is (n, k + 1): the fit behind row i saw no contact of the customer of row i (its
    penalty or number of rounds was settled on all of them).
    """

    models: OutcomeModels
    crossed: Numbers


def fit_outcomes(
    rows: PresentedRows, *, settings: BaseSettings, rng: np.random.Generator
) -> OutcomeModels:
    """Return the outcome models of the contacts.

    Raises LogError when no contact was given an offer, or none was given nothing.
    """
    with_offer, without = _parts(rows)
    if not (len(with_offer) and len(without)):
        raise LogError(
            "There is no contact to compare with.",
            fix="Log contacts with an offer, and some with nothing presented.",
        )
    # The products with offers are of no use where there is none.
    plain = replace(settings, candidate=replace(settings.candidate, products=0))
    fitted = [
        fit_base(
            outcome_rows(rows.take(part)),
            customer=rows.customer[part],
            task=rows.task,
            settings=used,
            kinds=used.kinds,
            rng=rng,
        )
        for part, used in ((with_offer, settings), (without, plain))
    ]
    return OutcomeModels(fitted[0], fitted[1])


def cross_fit_outcomes(
    rows: PresentedRows, *, settings: BaseSettings, rng: np.random.Generator
) -> OutcomeFits:
    """Return the outcome models, and their cross-fitted predictions by folds of customers."""
    models = fit_outcomes(rows, settings=settings, rng=rng)
    fold = customer_folds(rows.customer, count=settings.folds, rng=rng)
    crossed = np.empty((len(rows), rows.offers + 1))
    for each in range(settings.folds):
        out = fold == each
        crossed[out] = models.refitted(rows.take(~out)).predict(rows.matrix[out])
    return OutcomeFits(models, crossed)


def outcome_rows(rows: PresentedRows) -> Rows:
    """Return the contacts as rows of a regression of the outcome on (features, action)."""
    return Rows(rows.matrix, rows.action, rows.offers, rows.outcome, np.ones(len(rows)), rows.at)


def _parts(rows: PresentedRows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.flatnonzero(rows.action >= 0), np.flatnonzero(rows.action < 0)
