"""Gradient-boosted trees (XGBoost), as many as held rows say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import xgboost
from numpy.typing import NDArray

from models.candidates.contract import CandidateSettings, Name, Rows
from models.compile import write_boosted
from models.link import log_odds
from models.model_set import TreeForm
from models.ordering import ordering_losses
from models.signals import Task

_ROWS_PER_BIN, _FEWEST_BINS = 50, 64
# Numbers of rounds that may bring nothing on the held rows before growing stops.
_PATIENCE = 3


class Boosted:
    """Boosted trees on the numeric matrix; the number of rounds is settled on held rows."""

    name: ClassVar[Name] = Name.BOOSTED

    def __init__(self, settings: CandidateSettings, *, task: Task) -> None:
        self.settings = settings
        self.task = task

    def fit(self, rows: Rows, *, held: Rows) -> Self:
        """Fit on `rows` until more rounds bring nothing on `held`; the best number stays."""
        data, design = _data(rows), held.design()
        booster = xgboost.Booster(self._parameters(len(rows)), [data])
        means: list[float] = []
        grown = 0
        for count in self.settings.rounds:
            for place in range(grown, count):
                booster.update(data, place)
            grown = count
            score = self._score(booster, design, count)
            means.append(float(ordering_losses(score, held, task=self.task).mean()))
            if len(means) - int(np.argmin(means)) > _PATIENCE:
                break
        self.rounds_ = self.settings.rounds[int(np.argmin(means))]
        self.booster_ = booster[: self.rounds_]
        return self

    def agreed(self, others: Sequence[Self]) -> Self:
        """Return a candidate with the mean number of rounds."""
        fresh = type(self)(self.settings, task=self.task)
        fresh.rounds_ = round(float(np.mean([each.rounds_ for each in (self, *others)])))
        return fresh

    def refitted(self, rows: Rows) -> Self:
        """Return a new fit on `rows` with the number of rounds that was settled."""
        fresh = type(self)(self.settings, task=self.task)
        fresh.rounds_ = self.rounds_
        fresh.booster_ = xgboost.train(
            self._parameters(len(rows)),
            _data(rows),
            num_boost_round=self.rounds_,
        )
        return fresh

    def score(self, rows: Rows) -> NDArray[np.float64]:
        """Return (n,) log-odds, or amounts in the label's unit."""
        return self._score(self.booster_, rows.design(), self.rounds_)

    def forms(self, folder: Path, *, stem: str) -> tuple[TreeForm, ...]:
        """Write `stem.boosted.onnx` and return its form."""
        file = f"{stem}.{self.name}.onnx"
        write_boosted(self.booster_, folder / file, task=self.task)
        return (TreeForm(self.name, file),)

    def weights(self) -> tuple[tuple[float, ...], float]:
        """Return weight one, nothing added."""
        return (1.0,), 0.0

    def _score(
        self, booster: xgboost.Booster, design: NDArray[np.float32], rounds: int
    ) -> NDArray[np.float64]:
        out = booster.inplace_predict(design, iteration_range=(0, rounds))
        return np.asarray(out, dtype=np.float64) if self.task is Task.AMOUNT else log_odds(out)

    def _bins(self, rows: int) -> int:
        """Return how finely values are cut: with few rows finer bins cost time and say nothing."""
        return max(min(rows // _ROWS_PER_BIN, self.settings.bins), _FEWEST_BINS)

    def _parameters(self, rows: int) -> dict[str, Any]:
        probability = self.task is Task.PROBABILITY
        return {
            "objective": "binary:logistic" if probability else "reg:squarederror",
            "eval_metric": "logloss" if probability else "rmse",
            "tree_method": "hist",
            "max_bin": self._bins(rows),
            "grow_policy": "lossguide",
            "max_leaves": self.settings.boosted_leaves,
            "max_depth": self.settings.boosted_depth,
            "eta": self.settings.learning_rate,
            "subsample": 0.8,
            "colsample_bytree": self.settings.boosted_feature_share,
            "min_child_weight": 5.0,
            "lambda": 5.0,
            "nthread": 1,
            "seed": self.settings.seed,
            "device": self.settings.device,
            "verbosity": 0,
        }


def _data(rows: Rows) -> xgboost.DMatrix:
    return xgboost.DMatrix(rows.design(), rows.label, weight=rows.weight, nthread=1)
