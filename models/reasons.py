"""What moves one model's score: what each feature adds for a customer, against the average one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.encoding import Encoder
from models.link import sigmoid

Matrix: TypeAlias = NDArray[np.float32]
Scores: TypeAlias = NDArray[np.float64]


class Reasons:
    """What each feature adds to the probability of acceptance, from one linear model."""

    def __init__(self, vector: Scores, shift: float, *, encoder: Encoder) -> None:
        self._columns = np.flatnonzero(vector)
        sources = [encoder.sources[column] for column in self._columns]
        self.names = np.array(list(dict.fromkeys(sources)), dtype=np.str_)
        places = {str(name): place for place, name in enumerate(self.names)}
        self._gather = np.zeros((len(self._columns), len(self.names)))
        for row, source in enumerate(sources):
            self._gather[row, places[source]] = 1.0
        self._means, self._weights = encoder.means[self._columns], vector[self._columns]
        self._average = shift + float(encoder.means @ vector)
        # What all features together would add, each a standard deviation off, none against another.
        self.reach = float(np.abs(vector) @ encoder.spreads)

    def by_feature(self, matrix: Matrix) -> Scores:
        """Return (n, names) of what each feature adds to the score of the average customer."""
        return ((matrix[:, self._columns] - self._means) * self._weights) @ self._gather

    def top(self, matrix: Matrix, count: int) -> tuple[NDArray[np.str_], Scores]:
        """Return (n, count) names and effects, largest first; "" and 0 where there are fewer."""
        by_feature = self.by_feature(matrix)
        score = (self._average + by_feature.sum(axis=1))[:, None]
        effects = sigmoid(score) - sigmoid(score - by_feature)
        names = np.full((len(matrix), count), "", dtype=self.names.dtype if count else np.str_)
        values = np.zeros((len(matrix), count))
        kept = min(count, len(self.names))
        if kept:
            order = np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :kept]
            names[:, :kept] = self.names[order]
            values[:, :kept] = np.take_along_axis(effects, order, axis=1)
        return names, values
