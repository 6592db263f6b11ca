"""The example dataset files read the public data sets as their authors describe them."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.contract import Kind
from features.dataset import further_rows, read_dataset

# Rows, features, share of the target: from the README of each data set.
DESCRIBED = [
    ("bank_marketing", 41_188, 19, 4_640 / 41_188),
    ("coil2000_caravan", 5_822, 85, 348 / 5_822),
    ("hillstrom", 64_000, 7, 0.14678125),
]


@pytest.mark.parametrize(("name", "rows", "features", "share"), DESCRIBED)
def test_an_example_reads_all_rows(
    root: Path, real_data: Path, name: str, rows: int, features: int, share: float
) -> None:
    dataset = read_dataset(root / "docs" / "examples" / f"{name}.toml")
    assert dataset.place.resolve().is_relative_to(real_data.resolve())
    assert dataset.frame.shape == (rows, features)
    assert dataset.target.mean() == pytest.approx(share)


def test_bank_marketing_keeps_its_order_and_leaves_out_the_leak(
    root: Path, real_data: Path
) -> None:
    dataset = read_dataset(root / "docs" / "examples" / "bank_marketing.toml")
    assert "duration" not in dataset.frame
    assert "leaks" in dataset.left_out["duration"]
    assert dataset.time_order is not None
    # The base rate of the last fifth is five times that of the first four.
    last = dataset.time_order >= 0.8 * len(dataset.target)
    assert dataset.target[~last].mean() == pytest.approx(0.064, abs=0.001)
    assert dataset.target[last].mean() == pytest.approx(0.308, abs=0.001)


def test_coil2000_reads_the_customers_whose_labels_are_withheld(
    root: Path, real_data: Path
) -> None:
    file = root / "docs" / "examples" / "coil2000_caravan.toml"
    dataset = read_dataset(file)
    data = real_data / "coil2000_caravan" / "eval_features.csv.gz"
    frame = further_rows(file, data=data, like=dataset)
    assert frame.shape == (4_000, 85)
    assert dataset.kinds["MOSTYPE"] is Kind.NOMINAL
    assert frame["MOSTYPE"].isin(dataset.frame["MOSTYPE"]).all()


def test_hillstrom_knows_its_treatment_and_three_outcomes(root: Path, real_data: Path) -> None:
    dataset = read_dataset(root / "docs" / "examples" / "hillstrom.toml")
    assert dataset.treatment is not None
    assert set(dataset.treatment) == {"Mens E-Mail", "Womens E-Mail", "No E-Mail"}
    none = dataset.treatment == dataset.control
    assert none.sum() == 21_306
    assert dataset.target[none].mean() == pytest.approx(0.1062, abs=1e-4)
    assert dataset.second_targets["spend"][none].mean() == pytest.approx(0.6528, abs=1e-4)
