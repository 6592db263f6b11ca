"""What every candidate takes and gives, so that one test and one election serve them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.model_set import PartForm
from models.scorers import with_offer
from models.signals import Task


class Name(StrEnum):
    """The candidates, simplest first: between equals the simpler one wins."""

    LINEAR = "linear"
    COMPOSED = "composed"
    FOREST = "forest"
    BOOSTED = "boosted"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True)
class Rows:
    """Labelled rows: (n, p) encoded features, the offer's index or -1, label, weight, instant.

    `at` orders the rows in time; all zeros when the data says nothing of time.
    """

    matrix: NDArray[np.float32]
    offer: NDArray[np.intp]
    offers: int
    label: NDArray[np.float64]
    weight: NDArray[np.float64]
    at: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Rows:
        """Return the chosen rows."""
        return replace(
            self,
            matrix=self.matrix[chosen],
            offer=self.offer[chosen],
            label=self.label[chosen],
            weight=self.weight[chosen],
            at=self.at[chosen],
        )

    def design(self) -> NDArray[np.float32]:
        """Return the features with the offers' one-hot columns behind them."""
        return with_offer(self.matrix, self.offer, self.offers)


@dataclass(frozen=True, slots=True)
class CandidateSettings:
    """What is set before fitting; the same for every profile, and saved with the model set."""

    seed: int = 0
    # Shares of the least penalty that leaves no coefficient; falling, until held loss rises.
    penalties: tuple[float, ...] = (0.3, 0.1, 0.03, 0.01, 0.003)
    # How many of the strongest main effects get offer-specific coefficients.
    products: int = 20
    trees: int = 100
    tree_depth: int = 10
    rows_per_leaf: int = 20
    # The forest's two sources of variety: a bootstrap of this share of the rows for each tree,
    # and a cap on the features looked at for each split.
    bootstrap_share: float = 0.7
    bootstrap_rows_at_most: int = 4000
    feature_share: float = 0.08
    # Numbers of boosting rounds: tried on the held rows, until more of them bring nothing.
    rounds: tuple[int, ...] = (20, 40, 60, 80, 100, 130, 160, 200, 250, 300)
    # Leaves are grown where they help most, so a tree may be deep and still small.
    boosted_leaves: int = 20
    boosted_depth: int = 8
    learning_rate: float = 0.03
    boosted_feature_share: float = 0.8
    # Fine enough for every distinct value of most columns.
    bins: int = 512
    # "cuda" where the GPU wheel of XGBoost is installed.
    device: str = "cpu"


class Candidate(Protocol):
    """A model of one signal. State ends in `_` and is set in `fit` alone."""

    name: ClassVar[Name]

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit on `rows`; `held` are other rows that may settle a setting, never coefficients."""
        ...

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return a candidate that settles what this one and fits at other origins settle together.

        It need not score: only `refitted` is asked of it.
        """
        ...

    def refitted(self, rows: Rows) -> Self:
        """Return a new candidate, fitted on `rows` with what this one settled."""
        ...

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) log-odds, or amounts in the label's unit; labels are not looked at."""
        ...

    def forms(self, folder: Path, *, stem: str) -> tuple[PartForm, ...]:
        """Return the compiled form, its ONNX files written as `folder/stem.<name>.onnx`."""
        ...

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return the weight of each form's score, and what is added to their sum."""
        ...


def losses(
    label: NDArray[np.float64], predicted: NDArray[np.float64], *, task: Task
) -> NDArray[np.float64]:
    """Return (n,) log losses of probabilities, or squared errors of amounts."""
    if task is Task.AMOUNT:
        return np.asarray((label - predicted) ** 2)
    p = np.clip(predicted, 1e-9, 1 - 1e-9)
    return np.asarray(-(label * np.log(p) + (1 - label) * np.log1p(-p)))
