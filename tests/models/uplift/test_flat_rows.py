from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.dataset import Dataset, read_dataset
from models.uplift.effects import LogError
from models.uplift.flat_rows import presented_rows

TABLE = "age,mail,visit,spend\n30,none,0,0\n40,b,1,2.5\n50,a,0,0\n60,none,1,9\n70,b,0,0\n"
FILE = """
path = "table.csv"
default_kinds = "inferred"
[target]
column = "visit"
positive = 1
[[second_targets]]
column = "spend"
"""
TREATMENT = '[treatment]\ncolumn = "mail"\ncontrol = "none"\n'


def dataset(folder: Path, *, treated: bool = True) -> Dataset:
    (folder / "table.csv").write_text(TABLE)
    left_out = "" if treated else '[leave_out]\nmail = "not used"\n'
    (folder / "table.toml").write_text(FILE + (TREATMENT if treated else left_out))
    return read_dataset(folder / "table.toml")


def test_treatments_are_offers_and_the_control_is_nothing(tmp_path: Path) -> None:
    rows, offers = presented_rows(dataset(tmp_path))
    assert offers == ("a", "b")
    assert rows.action.tolist() == [-1, 1, 0, -1, 1]
    assert rows.propensity[0].tolist() == pytest.approx([0.4, 0.2, 0.4])
    assert rows.outcome.tolist() == [0, 1, 0, 1, 0]


def test_one_offer_beside_the_control_and_another_outcome(tmp_path: Path) -> None:
    rows, offers = presented_rows(dataset(tmp_path), outcome="spend", offer="b")
    assert offers == ("b",)
    assert rows.outcome.tolist() == [0, 2.5, 9, 0]
    assert np.allclose(rows.propensity, 0.5)


def test_an_unknown_outcome_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no outcome 'money'"):
        presented_rows(dataset(tmp_path), outcome="money")


def test_a_table_without_a_treatment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no treatment column"):
        presented_rows(dataset(tmp_path, treated=False))
