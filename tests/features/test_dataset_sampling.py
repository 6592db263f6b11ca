"""A table that was drawn unevenly gets weights that bring back life's shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.dataset import read_dataset
from features.errors import ContractError

FILE = """
path = "calls.csv"
default_kinds = "inferred"
[target]
column = "sold"
positive = 1
"""


def drawn(folder: Path, sampling: str, *, numbers: str = "2") -> Path:
    count = 200
    table = pd.DataFrame(
        {
            "size": np.arange(count) * 1.5,
            "sold": [1, 0] * (count // 2),
            "stands_for": [numbers] + ["1", "3"] * (count // 2 - 1) + ["1"],
        }
    )
    table.to_csv(folder / "calls.csv", index=False)
    (folder / "calls.toml").write_text(FILE + sampling)
    return folder / "calls.toml"


def test_without_a_word_every_row_stands_for_itself(tmp_path: Path) -> None:
    assert set(read_dataset(drawn(tmp_path, "")).weight) == {1.0}


def test_weights_bring_back_the_share_of_life(tmp_path: Path) -> None:
    dataset = read_dataset(drawn(tmp_path, "[sampling]\npositive_share = 0.02"))
    assert np.average(dataset.target, weights=dataset.weight) == pytest.approx(0.02)
    assert dataset.weight.mean() == pytest.approx(1.0)


def test_a_column_of_weights_is_read_and_no_feature(tmp_path: Path) -> None:
    dataset = read_dataset(drawn(tmp_path, '[sampling]\nweight = "stands_for"'))
    assert dataset.weight[2] / dataset.weight[1] == pytest.approx(3.0)
    assert "stands_for" not in dataset.kinds


@pytest.mark.parametrize(
    ("sampling", "numbers", "says"),
    [
        ("[sampling]\npositive_share = 2.0", "1", "positive_share = 2, which is no share"),
        ("[sampling]", "1", "neither or both"),
        ('[sampling]\npositive_share = 0.1\nweight = "stands_for"', "1", "neither or both"),
        ('[sampling]\nweight = "stands_for"', "0", "has '0' in row 1, which is no weight"),
        ('[sampling]\nweight = "stand_for"', "1", "Was 'stands_for' meant"),
    ],
)
def test_a_wrong_sampling_is_named_with_the_fix(
    tmp_path: Path, sampling: str, numbers: str, says: str
) -> None:
    with pytest.raises(ContractError, match=f"(?s){says}"):
        read_dataset(drawn(tmp_path, sampling, numbers=numbers))


def test_a_number_is_found_however_it_is_written(tmp_path: Path) -> None:
    file = drawn(tmp_path, "")
    pd.read_csv(tmp_path / "calls.csv").astype({"sold": float}).to_parquet(tmp_path / "c.parquet")
    file.write_text(FILE.replace("calls.csv", "c.parquet"))
    assert read_dataset(file).target.mean() == 0.5
