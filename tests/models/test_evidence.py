"""What a model set says of itself can be read without the training frame."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from models.assembly import assemble
from models.model_set import DECILES, JUDGE, JUDGE_COLUMNS, METRICS, MONTHS, read_json
from tests.models.labelled_world import SETTINGS, labelled_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("evidence") / "set"
    assemble(labelled_world(), out=out, settings=SETTINGS)
    return out


def test_the_champion_has_an_interval_for_each_measure(folder: Path) -> None:
    rows = [row for row in read_json(folder / METRICS) if row["candidate"] == "champion"]
    assert rows
    for row in rows:
        name = "auc" if row["auc"] is not None else "rmse"
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_every_judged_contact_has_its_columns_once(folder: Path) -> None:
    judged = set(pq.read_table(folder / JUDGE)["contact_id"].to_pylist())
    columns = pq.read_table(folder / JUDGE_COLUMNS)["contact_id"].to_pylist()
    assert set(columns) == judged
    assert len(columns) == len(set(columns))


def test_there_is_a_table_of_tenths_for_each_signal_and_profile(folder: Path) -> None:
    tables = {(row["signal"], row["profile"]) for row in read_json(folder / DECILES)}
    judged = {(row["signal"], row["profile"]) for row in read_json(folder / METRICS)}
    assert tables == judged


def test_every_candidate_is_told_month_by_month(folder: Path) -> None:
    rows = read_json(folder / MONTHS)
    assert {row["part"] for row in rows} == {"held", "judged"}
    for profile in ("lead", "purchaser"):
        own = [row for row in rows if (row["signal"], row["profile"]) == ("accept", profile)]
        assert {row["candidate"] for row in own} == {"linear", "forest", "boosted", "combined"}
        assert len({row["candidate"] for row in own if row["elected"]}) == 1
        judged = {row["month"]: row["rows"] for row in own if row["part"] == "judged"}
        metrics = {
            row["profile"]: row["n"]
            for row in read_json(folder / METRICS)
            if (row["signal"], row["candidate"]) == ("accept", "champion")
        }
        assert sum(judged.values()) == metrics[profile]
