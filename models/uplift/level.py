"""The plain mean, for where the labels are too few to say more."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import Rows
from models.link import log_odds
from models.model_set import LinearForm
from models.signals import Task


class Level:
    """One number for every row: the weighted mean of the labels it was fitted on."""

    name: ClassVar[str] = "level"

    def __init__(self, *, task: Task) -> None:
        self.task = task

    def fit(self, rows: Rows) -> Self:
        """Take the mean of the labels; no row gives 0."""
        mean = float(np.average(rows.label, weights=rows.weight)) if len(rows) else 0.0
        self.level_ = float(log_odds(np.array(mean))) if self.task is Task.PROBABILITY else mean
        self.offers_ = rows.offers
        return self

    def refitted(self, rows: Rows) -> Self:
        """Return the mean of other rows."""
        return type(self)(task=self.task).fit(rows)

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) times the one log-odds, or amount."""
        return np.full(len(rows), self.level_)

    def forms(self, folder: Path, *, stem: str) -> tuple[LinearForm, ...]:
        """Return a linear form of an intercept alone."""
        return (LinearForm(self.level_, (), (0.0,) * self.offers_, ()),)

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return weight one, nothing added."""
        return (1.0,), 0.0
