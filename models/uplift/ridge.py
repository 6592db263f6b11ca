"""Ridge regression on features, offers and all their products: for effects, which are faint.

An effect is a small difference under much noise. A lasso keeps one or two columns of it; a ridge
keeps the direction of all of them and shrinks its length (Hoerl and Kennard, Technometrics 1970).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import CandidateSettings, Rows
from models.model_set import LinearForm
from models.scorers import LinearScorer
from models.signals import Task

Numbers = NDArray[np.float64]

# Shares of the rows' weight: at 1, a column of variance one loses half of its coefficient.
_PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class Ridge:
    """A linear effect per offer; offers share what they have in common. For amounts alone."""

    name: ClassVar[str] = "ridge"

    def __init__(self, settings: CandidateSettings, *, task: Task) -> None:
        self.settings = settings
        self.task = task

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit on `rows`; the penalty is the one of least squared error on `held`."""
        form, offers = rows.matrix.shape[1], rows.offers
        design, aim = _design(held), held.label
        moments = _moments(rows)
        tried = [_solved(moments, penalty) for penalty in _PENALTIES]
        errors = [
            float(np.average((aim - design @ found[1:] - found[0]) ** 2, weights=held.weight))
            for found in tried
        ]
        best = int(np.argmin(errors))
        self.penalty_ = _PENALTIES[best]
        self.form_ = _form(tried[best], width=form, offers=offers)
        return self

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return a candidate with the middle penalty (geometric mean)."""
        fresh = type(self)(self.settings, task=self.task)
        logs = [np.log(each.penalty_) for each in (self, *others)]
        fresh.penalty_ = float(np.exp(np.mean(logs)))
        return fresh

    def refitted(self, rows: Rows) -> Self:
        """Return a new fit on `rows` with the penalty that was settled."""
        fresh = type(self)(self.settings, task=self.task)
        fresh.penalty_ = self.penalty_
        found = _solved(_moments(rows), self.penalty_)
        fresh.form_ = _form(found, width=rows.matrix.shape[1], offers=rows.offers)
        return fresh

    def score(self, rows: Rows) -> Numbers:
        """Return (n,) amounts in the label's unit."""
        scorer = LinearScorer(self.form_, width=rows.matrix.shape[1], offers=rows.offers)
        return scorer(rows.matrix, rows.offer)

    def forms(self, folder: Path, *, stem: str) -> tuple[LinearForm, ...]:
        """Return the linear form; no file is needed."""
        return (self.form_,)

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return weight one, nothing added."""
        return (1.0,), 0.0


def _design(rows: Rows) -> Numbers:
    """Return features, offers, and features times each offer where there are several."""
    plain = rows.design().astype(np.float64)
    if rows.offers < 2:
        return plain
    width = rows.matrix.shape[1]
    own = [plain[:, :width] * plain[:, width + o : width + o + 1] for o in range(rows.offers)]
    return np.hstack([plain, *own])


@dataclass(frozen=True, slots=True)
class _Moments:
    """What the normal equations are made of: the same for every penalty.

    `square` and `aim` are of centred columns, `free` says which are hardly penalised.
    """

    middle: Numbers
    level: float
    square: Numbers
    aim: Numbers
    free: slice


def _moments(rows: Rows) -> _Moments:
    design = _design(rows)
    weight = rows.weight / rows.weight.sum()
    middle = weight @ design
    design -= middle
    level = float(weight @ rows.label)
    weighted = (design * weight[:, None]).T
    width = rows.matrix.shape[1]
    return _Moments(
        middle,
        level,
        weighted @ design,
        weighted @ (rows.label - level),
        slice(width, width + rows.offers),
    )


def _solved(moments: _Moments, penalty: float) -> Numbers:
    """Return the intercept, then the coefficients; neither intercept nor offers are penalised.

    Every column is penalised by its own variance, so that its scale does not matter; an offer's
    own column (its level) hardly at all.
    """
    each = np.diag(moments.square).copy() * penalty
    each[moments.free] *= 1e-3
    solved = np.linalg.solve(moments.square + np.diag(np.maximum(each, 1e-9)), moments.aim)
    return np.concatenate([[moments.level - moments.middle @ solved], solved])


def _form(found: Numbers, *, width: int, offers: int) -> LinearForm:
    main, levels = found[1 : width + 1], found[width + 1 : width + 1 + offers]
    own = found[width + 1 + offers :].reshape(-1, width)
    return LinearForm(
        intercept=float(found[0]),
        coefficients=tuple((at, float(by)) for at, by in enumerate(main)),
        offers=tuple(float(by) for by in levels),
        products=tuple(
            (offer, at, float(by)) for offer, row in enumerate(own) for at, by in enumerate(row)
        ),
    )
