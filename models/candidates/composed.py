"""Money as its parts: the chance of a sale, of its lapse, and what either brings.

`amount = P(sale) x ((1 - P(lapse | sale)) x gain + P(lapse | sale) x loss)`: expected margin as
acceptance times margin times persistence. The parts are read off the amounts themselves: a sale is
any amount but 0, a lapse one below 0. (Two-part models: Duan, Manning, Morris and Newhouse, Journal
of Business & Economic Statistics 1, 1983.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import CandidateSettings, Name, Rows
from models.candidates.linear import Linear
from models.model_set import ComposedForm, LinearForm
from models.scorers import ComposedScorer
from models.signals import Task

# Fewer rows of either outcome say nothing about who: the plain share or mean stands for all.
_FEWEST = 20
_SURELY = 30.0  # log-odds of what always happens


class Composed:
    """Linear models of the sale, the lapse and the gain, multiplied; for amounts alone."""

    name: ClassVar[Name] = Name.COMPOSED

    def __init__(self, settings: CandidateSettings, *, task: Task = Task.AMOUNT) -> None:
        self.settings = settings
        self.task = task

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit the three parts on `rows`; each settles its penalty on its own part of `held`."""
        self.parts_ = {
            part: self._fitted(mine, part=part, held=_of(held, part=part))
            for part, mine in ((part, _of(rows, part=part)) for part in _TASKS)
        }
        return self._formed(rows)

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return a candidate whose parts each agree with the same parts of the others."""
        fresh = type(self)(self.settings, task=self.task)
        fresh.parts_ = {}
        for part, mine in self.parts_.items():
            theirs = [other.parts_[part] for other in others]
            known = [each for each in theirs if each is not None]
            fresh.parts_[part] = None if mine is None else mine.agreed(known)
        return fresh

    def refitted(self, rows: Rows) -> Self:
        """Return a new fit on `rows` with the penalties that were settled."""
        fresh = type(self)(self.settings, task=self.task)
        fresh.parts_ = {}
        for part, settled in self.parts_.items():
            mine = _of(rows, part=part)
            able = settled is not None and _able(mine, part=part)
            fresh.parts_[part] = settled.refitted(mine) if settled is not None and able else None
        return fresh._formed(rows)

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) amounts in the label's unit."""
        scorer = ComposedScorer(self.form_, width=rows.matrix.shape[1], offers=rows.offers)
        return scorer(rows.matrix, rows.offer)

    def forms(self, folder: Path, *, stem: str) -> tuple[ComposedForm, ...]:
        """Return the composed form; no file is needed."""
        return (self.form_,)

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return weight one, nothing added."""
        return (1.0,), 0.0

    def _fitted(self, rows: Rows, *, part: str, held: Rows) -> Linear | None:
        if not _able(rows, part=part):
            return None
        # Where nothing of a part is held, its own rows settle the penalty.
        settles = held if _able(held, part=part) else rows
        return Linear(self.settings, task=_TASKS[part]).fit(rows, held=settles)

    def _formed(self, rows: Rows) -> Self:
        sales, lapses, gains = (_of(rows, part=part) for part in _TASKS)
        lost = rows.take(rows.label < 0)
        self.form_ = ComposedForm(
            sale=self._form("sale", _certainty(sales), rows.offers),
            lapse=self._form("lapse", _certainty(lapses), rows.offers),
            gain=self._form("gain", _mean(gains), rows.offers),
            losses=_by_offer(lost),
        )
        return self

    def _form(self, part: str, otherwise: float, offers: int) -> LinearForm:
        found = self.parts_[part]
        return LinearForm(otherwise, (), (0.0,) * offers, ()) if found is None else found.form_


_TASKS = {"sale": Task.PROBABILITY, "lapse": Task.PROBABILITY, "gain": Task.AMOUNT}


def _of(rows: Rows, *, part: str) -> Rows:
    """Return the rows that a part is fitted on, with its label."""
    match part:
        case "sale":
            return replace(rows, label=(rows.label != 0).astype(np.float64))
        case "lapse":
            sold = rows.take(rows.label != 0)
            return replace(sold, label=(sold.label < 0).astype(np.float64))
        case _:
            return rows.take(rows.label > 0)


def _able(rows: Rows, *, part: str) -> bool:
    """Say whether there are rows enough, of both outcomes where there are two."""
    if _TASKS[part] is Task.AMOUNT:
        return len(rows) >= _FEWEST
    positives = int(rows.label.sum())
    return min(positives, len(rows) - positives) >= _FEWEST


def _certainty(rows: Rows) -> float:
    """Return the log-odds of the plain share; what never happens counts as surely not."""
    share = _mean(rows)
    if share in (0.0, 1.0):
        return _SURELY if share else -_SURELY
    return float(np.log(share / (1 - share)))


def _mean(rows: Rows) -> float:
    return float(np.average(rows.label, weights=rows.weight)) if len(rows) else 0.0


def _by_offer(lost: Rows) -> tuple[float, ...]:
    """Return the mean loss of each offer, and of all behind it; few losses count as all's."""
    every = _mean(lost)
    each = (lost.take(lost.offer == offer) for offer in range(lost.offers))
    return (*(_mean(rows) if len(rows) >= _FEWEST else every for rows in each), every)
