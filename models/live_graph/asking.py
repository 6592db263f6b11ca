"""Which models are asked, with which offers, and which column of the graph each question is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.model_set import SignalForm
from models.signals import Task


@dataclass(frozen=True, slots=True)
class Asked:
    """A model and the offers that it is asked with, by their index; -1 is none."""

    form: SignalForm
    offers: tuple[int, ...]

    @property
    def bends(self) -> bool:
        """Whether its score becomes a probability by the logistic curve."""
        return self.form.task == Task.PROBABILITY and not self.isotonic

    @property
    def isotonic(self) -> bool:
        """Whether its score becomes a probability along knots."""
        return self.form.calibration.method == "isotonic"


@dataclass(frozen=True, slots=True)
class Asking:
    """All questions, side by side: each has a column per offer."""

    questions: tuple[Asked, ...]

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(len(asked.offers) for asked in self.questions)

    def columns(self) -> Iterator[tuple[Asked, NDArray[np.intp]]]:
        """Yield each question with its columns."""
        first = 0
        for asked in self.questions:
            yield asked, np.arange(first, first + len(asked.offers))
            first += len(asked.offers)

    def where(self, chosen: Sequence[bool]) -> NDArray[np.bool_]:
        """Return (width,) of whether each column's question is chosen."""
        counts = [len(asked.offers) for asked in self.questions]
        return np.repeat(np.array(chosen, dtype=bool), counts)


def slope_of(asked: Asked) -> tuple[float, float]:
    """Return by what the score is multiplied, and what is added, before it bends.

    The knots of an isotonic calibration are read by the score itself.
    """
    if asked.isotonic:
        return 1.0, 0.0
    return asked.form.calibration.slope, asked.form.calibration.shift
