"""L1-penalised regression with offer-specific effects: the model that can be read."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Lasso, LogisticRegression

from models.candidates.contract import CandidateSettings, Name, Rows
from models.model_set import LinearForm
from models.ordering import first_within_error, ordering_losses
from models.scorers import LinearScorer
from models.signals import Task

# Penalties that may bring nothing before the path ends.
_PATIENCE = 2
_ITERATIONS = 1000
_TOLERANCE = 1e-2
# liblinear penalises the intercept: as a column of tens it is hardly penalised.
_INTERCEPT_SCALING = 10.0
# liblinear's random numbers are one stream for the whole process: two fits at the same time would
# take them from each other, and the same seed would no longer give the same model.
_ONE_LIBLINEAR = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Settled:
    """What `fit` settles and a refit keeps: the penalty's share and the columns multiplied."""

    penalty: float
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """One penalty on the path, its solution and the losses on the held rows."""

    penalty: float
    intercept: float
    coefficients: NDArray[np.float64]
    losses: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PathStep:
    """One penalty of the path: what has entered, and what it brings on the held rows.

    `columns` are the places of the encoded columns with any coefficient, strongest first.
    """

    penalty: float
    columns: tuple[int, ...]
    loss: float
    settled: bool


class Linear:
    """A linear score; coefficients that the data does not support are exactly zero."""

    name: ClassVar[Name] = Name.LINEAR

    def __init__(self, settings: CandidateSettings, *, task: Task) -> None:
        self.settings = settings
        self.task = task

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit on `rows` at falling penalties until the loss on `held` has stopped falling.

        Settled is the strongest penalty within one standard error of the least loss.
        """
        columns = self._strongest(rows) if rows.offers > 1 and self.settings.products else ()
        design, held_design = _design(rows, columns), _design(held, columns)
        path: list[_Step] = []
        for penalty in self.settings.penalties:
            intercept, coefficients = self._solve(design, rows, penalty)
            found = ordering_losses(held_design @ coefficients + intercept, held, task=self.task)
            path.append(_Step(penalty, intercept, coefficients, found))
            if _stopped(path):
                break
        step = path[first_within_error([step.losses for step in path])]
        self.path_ = tuple(_told(each, rows, columns, settled=each is step) for each in path)
        self.settled_ = _Settled(step.penalty, columns)
        self.form_ = _form(step.intercept, step.coefficients, rows, columns)
        return self

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return a candidate with the middle penalty (geometric mean) and this one's products."""
        logs = [np.log(each.settled_.penalty) for each in (self, *others)]
        fresh = type(self)(self.settings, task=self.task)
        fresh.settled_ = _Settled(float(np.exp(np.mean(logs))), self.settled_.columns)
        return fresh

    def refitted(self, rows: Rows) -> Self:
        """Return a new fit on `rows` with the penalty and products that were settled."""
        fresh = type(self)(self.settings, task=self.task)
        columns = self.settled_.columns
        solved = self._solve(_design(rows, columns), rows, self.settled_.penalty)
        fresh.settled_ = self.settled_
        fresh.form_ = _form(*solved, rows, columns)
        return fresh

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) log-odds, or amounts in the label's unit."""
        scorer = LinearScorer(self.form_, width=rows.matrix.shape[1], offers=rows.offers)
        return scorer(rows.matrix, rows.offer)

    def forms(self, folder: Path, *, stem: str) -> tuple[LinearForm, ...]:
        """Return the linear form; no file is needed."""
        return (self.form_,)

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return weight one, nothing added."""
        return (1.0,), 0.0

    def _strongest(self, rows: Rows) -> tuple[int, ...]:
        """Return the columns whose main effects are strongest, by a first fit without products."""
        middle = self.settings.penalties[len(self.settings.penalties) // 2]
        _, coefficients = self._solve(_design(rows, ()), rows, middle)
        strength = np.abs(coefficients[: rows.matrix.shape[1]]) * rows.matrix.std(axis=0)
        order = np.argsort(-strength, kind="stable")[: self.settings.products]
        return tuple(int(column) for column in order if strength[column] > 0)

    def _solve(
        self, design: NDArray[np.float64], rows: Rows, penalty: float
    ) -> tuple[float, NDArray[np.float64]]:
        """Return intercept and coefficients at a share of the largest useful penalty."""
        centred = (rows.label - np.average(rows.label, weights=rows.weight)) * rows.weight
        largest = max(float(np.abs(design.T @ centred).max(initial=0.0)), 1e-9)
        if self.task is Task.PROBABILITY:
            # liblinear, not saga: many windows of one count are nearly collinear, and there saga
            # took 62 s where liblinear takes 1 (19,490 rows x 267, docs/decisions/020).
            logistic = LogisticRegression(
                l1_ratio=1.0,
                C=1.0 / (penalty * largest),
                solver="liblinear",
                intercept_scaling=_INTERCEPT_SCALING,
                tol=_TOLERANCE,
                random_state=self.settings.seed,
            )
            with _ONE_LIBLINEAR:
                logistic.fit(design, rows.label, rows.weight)
            return float(logistic.intercept_[0]), np.asarray(logistic.coef_[0])
        lasso = Lasso(
            alpha=penalty * largest / float(rows.weight.sum()),
            max_iter=_ITERATIONS,
            tol=_TOLERANCE,
            precompute=True,
        ).fit(design, rows.label, rows.weight)
        return float(lasso.intercept_), np.asarray(lasso.coef_)


def _told(step: _Step, rows: Rows, columns: tuple[int, ...], *, settled: bool) -> PathStep:
    """Return what entered by this step: an offer's own effect counts as its column's."""
    width = rows.matrix.shape[1]
    strength = np.abs(step.coefficients[:width])
    products = np.abs(step.coefficients[width + rows.offers :]).reshape(-1, len(columns) or 1)
    if columns:
        places = list(columns)
        strength[places] = np.maximum(strength[places], products.max(axis=0, initial=0.0))
    strength = strength * rows.matrix.std(axis=0)
    order = np.argsort(-strength, kind="stable")
    entered = tuple(int(column) for column in order if strength[column] > 0)
    return PathStep(step.penalty, entered, float(step.losses.mean()), settled)


def _stopped(path: list[_Step]) -> bool:
    """Return whether the last penalties brought nothing: further ones cost most and fit noise."""
    means = [float(step.losses.mean()) for step in path]
    return len(path) > _PATIENCE and min(means[-_PATIENCE:]) > min(means[:-_PATIENCE])


def _design(rows: Rows, columns: tuple[int, ...]) -> NDArray[np.float64]:
    """Return features, offers and the products of the offers with the given columns."""
    width = rows.matrix.shape[1]
    plain = rows.design().astype(np.float64)
    chosen = plain[:, list(columns)]
    products = [
        chosen * plain[:, width + offer : width + offer + 1] for offer in range(rows.offers)
    ]
    return np.hstack([plain, *products]) if columns else plain


def _form(
    intercept: float, coefficients: NDArray[np.float64], rows: Rows, columns: tuple[int, ...]
) -> LinearForm:
    width = rows.matrix.shape[1]
    main = coefficients[:width]
    products = coefficients[width + rows.offers :].reshape(-1, len(columns) or 1)
    return LinearForm(
        intercept=intercept,
        coefficients=tuple((int(at), float(main[at])) for at in np.flatnonzero(main)),
        offers=tuple(float(by) for by in coefficients[width : width + rows.offers]),
        products=tuple(
            (int(offer), columns[place], float(products[offer, place]))
            for offer, place in zip(*np.nonzero(products), strict=True)
        ),
    )
