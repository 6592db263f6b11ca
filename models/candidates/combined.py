"""The combination of a linear and a tree candidate into one score, by stacking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression, LogisticRegression

from models.candidates.boosted import Boosted
from models.candidates.contract import Candidate, CandidateSettings, Name, Rows
from models.candidates.linear import Linear
from models.model_set import PartForm
from models.signals import Task


class Combined:
    """A weighted sum of its parts' scores; the weights are fitted on held rows."""

    name: ClassVar[Name] = Name.COMBINED

    def __init__(
        self,
        settings: CandidateSettings,
        *,
        task: Task,
        parts: tuple[Candidate, ...] = (),
    ) -> None:
        self.settings = settings
        self.task = task
        self.parts = parts

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit the parts on `rows`, unless they came fitted, and the weights on `held`."""
        self.parts_ = self.parts or tuple(
            kind(self.settings, task=self.task).fit(rows, held=held) for kind in (Linear, Boosted)
        )
        scores = self._scores(held)
        self.weights_, self.shift_ = stacked(scores, held, task=self.task)
        return self

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return a candidate with what its parts agree on, and the mean of all weights."""
        every = (self, *others)
        fresh = type(self)(self.settings, task=self.task)
        fresh.parts_ = tuple(
            part.agreed([other.parts_[place] for other in others])
            for place, part in enumerate(self.parts_)
        )
        fresh.weights_ = np.mean([each.weights_ for each in every], axis=0)
        fresh.shift_ = float(np.mean([each.shift_ for each in every]))
        return fresh

    def refitted(self, rows: Rows) -> Self:
        """Return the parts fitted again on `rows`, with the weights that were settled."""
        fresh = type(self)(self.settings, task=self.task)
        fresh.parts_ = tuple(part.refitted(rows) for part in self.parts_)
        fresh.weights_, fresh.shift_ = self.weights_, self.shift_
        return fresh

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) log-odds, or amounts in the label's unit."""
        return np.asarray(self._scores(rows) @ self.weights_ + self.shift_)

    def forms(self, folder: Path, *, stem: str) -> tuple[PartForm, ...]:
        """Return the forms of the parts, in the order of the weights."""
        return tuple(form for part in self.parts_ for form in part.forms(folder, stem=stem))

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return the weight of each part's score, and what is added to their sum."""
        return tuple(float(weight) for weight in self.weights_), self.shift_

    def _scores(self, rows: Rows) -> NDArray[np.float64]:
        return np.stack([part.score(rows) for part in self.parts_], axis=1)


def stacked(
    scores: NDArray[np.float64], held: Rows, *, task: Task
) -> tuple[NDArray[np.float64], float]:
    """Return the weights of the (n, parts) scores, and the shift, that fit the held rows best.

    A light ridge penalty keeps two scores that say the same from taking opposite weights.
    """
    if task is Task.AMOUNT:
        linear = LinearRegression(positive=True).fit(scores, held.label, held.weight)
        return np.asarray(linear.coef_, dtype=np.float64), float(linear.intercept_)
    logistic = LogisticRegression(C=1.0).fit(scores, held.label, held.weight)
    return np.asarray(logistic.coef_[0], dtype=np.float64), float(logistic.intercept_[0])
