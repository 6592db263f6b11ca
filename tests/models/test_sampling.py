"""Over-sampled tables: probabilities and figures are those of life."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.dataset import read_dataset
from models.candidates.contract import CandidateSettings
from models.compiled import CompiledModelSet
from models.flat import predict_flat, train_flat
from models.settings import TrainingSettings

FILE = """
path = "drawn.csv"
default_kinds = "inferred"
[target]
column = "sold"
positive = "yes"
"""
LIGHT = TrainingSettings(jobs=1, candidates=CandidateSettings(trees=10, rounds=(20, 40)))


def life(count: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame({"a": rng.normal(size=count), "b": rng.normal(size=count)})
    truth = 1 / (1 + np.exp(-(frame["a"] - 3.6).to_numpy()))
    frame["sold"] = np.where(rng.random(count) < truth, "yes", "no")
    return frame, truth


def over_sampled(folder: Path, frame: pd.DataFrame, *, sampling: str) -> Path:
    """Write a table with every buyer and a tenth of the others, and its dataset file."""
    sold = (frame["sold"] == "yes").to_numpy()
    kept = sold | (np.random.default_rng(8).random(len(frame)) < 0.1)
    frame[kept].to_csv(folder / "drawn.csv", index=False)
    share = sold.mean()
    (folder / "drawn.toml").write_text(FILE + sampling.format(share=share))
    return folder / "drawn.toml"


@pytest.mark.parametrize(
    ("sampling", "true_to_life"), [("[sampling]\npositive_share = {share:.6f}", True), ("", False)]
)
def test_probabilities_of_an_over_sampled_table_are_those_of_life(
    tmp_path: Path, sampling: str, true_to_life: bool
) -> None:
    frame, truth = life(60_000)
    dataset = read_dataset(over_sampled(tmp_path, frame, sampling=sampling))
    trained = train_flat(dataset, settings=LIGHT, out=tmp_path / "set")
    models = CompiledModelSet.load(trained.folder, threads=1)
    found = predict_flat(models, frame[["a", "b"]])
    assert bool(found.mean() == pytest.approx(truth.mean(), rel=0.1)) is true_to_life
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    judged = next(row for row in metrics if row["candidate"] == "champion")
    assert bool(judged["mean_label"] == pytest.approx(truth.mean(), rel=0.5)) is true_to_life
