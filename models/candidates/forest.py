"""A random forest: bootstrapped trees that each see a part of the features at every split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from models.candidates.contract import CandidateSettings, Name, Rows
from models.compile import write_forest
from models.link import log_odds
from models.model_set import TreeForm
from models.signals import Task


class Forest:
    """A forest of modest trees; the probability is the mean over the trees."""

    name: ClassVar[Name] = Name.FOREST

    def __init__(self, settings: CandidateSettings, *, task: Task) -> None:
        self.settings = settings
        self.task = task

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit on `rows`; nothing is settled on `held`."""
        self.forest_ = self._estimator(len(rows)).fit(rows.design(), rows.label, rows.weight)
        return self

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return this forest: it settles nothing."""
        return self

    def refitted(self, rows: Rows) -> Self:
        """Return a new forest fitted on `rows`."""
        return type(self)(self.settings, task=self.task).fit(rows, held=rows)

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) log-odds, or amounts in the label's unit."""
        if self.task is Task.AMOUNT:
            return np.asarray(self.forest_.predict(rows.design()), dtype=np.float64)
        return log_odds(self.forest_.predict_proba(rows.design())[:, 1])

    def forms(self, folder: Path, *, stem: str) -> tuple[TreeForm, ...]:
        """Write `stem.forest.onnx` and return its form."""
        file = f"{stem}.{self.name}.onnx"
        write_forest(self.forest_, folder / file, task=self.task)
        return (TreeForm(self.name, file),)

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return weight one, nothing added."""
        return (1.0,), 0.0

    def _estimator(self, count: int) -> Any:
        share = int(self.settings.bootstrap_share * count)
        kind = RandomForestRegressor if self.task is Task.AMOUNT else RandomForestClassifier
        return kind(
            n_estimators=self.settings.trees,
            max_depth=self.settings.tree_depth,
            min_samples_leaf=self.settings.rows_per_leaf,
            bootstrap=True,
            max_samples=max(1, min(share, self.settings.bootstrap_rows_at_most)),
            max_features=self.settings.feature_share,
            n_jobs=1,
            random_state=self.settings.seed,
        )
