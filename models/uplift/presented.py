"""Presented rows: what each logged contact was given, with which chances, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.signals import Task
from models.uplift.effects import LogError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Nothing presented, as an action; the offers are 0, 1, ...
NOTHING = -1
# By how much the probabilities of a contact may miss a sum of one.
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class PresentedRows:
    """n contacts that could have been given any of k offers, or nothing.

    `matrix` (n, p) is what was known, encoded. `action` (n,) is the offer's index, -1 for nothing.
    `propensity` (n, k + 1) holds the probability of nothing, then of each offer, as logged or
    estimated (`models.uplift.propensities`). `eligible` (n, k) says which offers were allowed.
    `outcome` (n,) is 0 or 1, or money. `customer` (n,) tells whose contact it is, `at` (n,) orders
    the contacts in time. Raises LogError when these do not fit each other.
    """

    matrix: NDArray[np.float32]
    action: NDArray[np.intp]
    propensity: Numbers
    eligible: Flags
    outcome: Numbers
    customer: NDArray[np.int64]
    at: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse what could not have been logged."""
        _demand_lengths(self)
        _demand_actions(self)
        _demand_propensities(self)
        if not (np.isfinite(self.matrix).all() and np.isfinite(self.outcome).all()):
            raise LogError(
                "A feature or an outcome is no finite number.",
                fix="Encode absent values, and leave out contacts whose outcome is not known yet.",
            )

    def __len__(self) -> int:
        return len(self.action)

    @property
    def offers(self) -> int:
        """The number of offers, k."""
        return int(self.eligible.shape[1])

    @property
    def task(self) -> Task:
        """Whether the outcome is an event (0 or 1) or an amount."""
        event = bool(np.isin(self.outcome, (0.0, 1.0)).all())
        return Task.PROBABILITY if event else Task.AMOUNT

    @property
    def taken(self) -> Numbers:
        """The (n,) probability of the action that was taken."""
        return np.asarray(self.propensity[np.arange(len(self)), self.action + 1])

    @property
    def comparable(self) -> Flags:
        """Where (n, k) the offer and nothing could both have happened: only there effects exist."""
        both = (self.propensity[:, 1:] > 0) & (self.propensity[:, :1] > 0)
        return np.asarray(self.eligible & both)

    def take(self, chosen: NDArray[np.intp] | Flags) -> PresentedRows:
        """Return the chosen contacts."""
        names = ("matrix", "action", "propensity", "eligible", "outcome", "customer", "at")
        parts: dict[str, Any] = {name: getattr(self, name)[chosen] for name in names}
        return replace(self, **parts)


def _demand_lengths(rows: PresentedRows) -> None:
    lengths = {name: len(getattr(rows, name)) for name in rows.__slots__}
    if len(set(lengths.values())) > 1:
        raise LogError(
            f"The columns of the log differ in length: {lengths}.",
            fix="Give one value per contact in each.",
        )
    if rows.propensity.shape != (len(rows), rows.offers + 1):
        raise LogError(
            f"There are probabilities of {rows.propensity.shape[1] - 1} offers, "
            f"and eligibility of {rows.offers}.",
            fix="Give the probability of nothing first, then one per offer.",
        )


def _demand_actions(rows: PresentedRows) -> None:
    if not len(rows):
        return
    if rows.action.min() < NOTHING or rows.action.max() >= rows.offers:
        raise LogError(
            f"An action lies outside -1 (nothing) to {rows.offers - 1}.",
            fix="Number the offers as the columns of `eligible` are.",
        )
    given = np.flatnonzero(rows.action >= 0)
    wrong = given[~rows.eligible[given, rows.action[given]]]
    if wrong.size:
        raise LogError(
            f"{wrong.size} contacts were given an offer that they were not eligible for, "
            f"the first of them contact {wrong[0]}.",
            fix="Leave these contacts out, or correct their eligibility.",
        )


def _demand_propensities(rows: PresentedRows) -> None:
    if not len(rows):
        return
    fine = (rows.propensity >= 0).all() and (
        np.abs(rows.propensity.sum(axis=1) - 1.0) <= _SUM_TOLERANCE
    ).all()
    if not fine:
        raise LogError(
            "The probabilities of a contact are below 0, or do not add up to 1.",
            fix="Give the probability of nothing and of each offer; together they are 1.",
        )
    if (rows.propensity[:, 1:][~rows.eligible] > 0).any():
        raise LogError(
            "An offer has a probability where the contact was not eligible for it.",
            fix="An offer that is not allowed has probability 0.",
        )
    if not (rows.taken > 0).all():
        raise LogError(
            "A contact was given what had probability 0.",
            fix="Log the probabilities with which the action was chosen.",
        )
