"""Real calls of a bank: the flat-table start reaches what a specialist reaches by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.dataset import Dataset, read_dataset
from models.candidates.contract import CandidateSettings
from models.compiled import CompiledModelSet
from models.flat import predict_flat, some_rows, train_flat
from models.judging.measures import auc
from models.settings import TrainingSettings
from models.splits import Shares

# Fewer trees than by default keep this under ten seconds; the full figures are benchmarks/'s.
SETTINGS = TrainingSettings(
    shares=Shares(fit=0.8, select=0.2),
    candidates=CandidateSettings(trees=30, rounds=(20, 40, 80, 120)),
)


@pytest.fixture(scope="module")
def dataset(root: Path, real_data: Path) -> Dataset:
    assert real_data.is_dir()
    return read_dataset(root / "docs" / "examples" / "bank_marketing.toml")


def test_the_duration_that_leaks_the_answer_is_left_out(dataset: Dataset) -> None:
    assert "duration" not in dataset.frame.columns


def test_the_next_fifth_in_time_is_predicted_through_a_drift(
    dataset: Dataset, tmp_path: Path
) -> None:
    """The base rate jumps from 6 to 31 %; trees, and whatever tells the date, fail after it."""
    cut = int(0.8 * len(dataset.ids))
    trained = train_flat(
        some_rows(dataset, np.arange(cut)), settings=SETTINGS, out=tmp_path / "set"
    )
    rest = some_rows(dataset, np.arange(cut, len(dataset.ids)))
    predicted = predict_flat(CompiledModelSet.load(trained.folder), rest.frame)
    assert trained.manifest.answers[0].champion == "linear"
    assert auc(rest.target, predicted) >= 0.74
