"""Watching a champion on contacts that came after it learned: quiet, then with a planted change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import ContractError
from features.frame import build_training
from models import registry
from models.errors import ModelSetNotFoundError
from models.watching.advice import Limits
from pipelines.insurer import generate
from pipelines.retrain import Order, Outcome, retrain
from pipelines.train import train_challenger
from pipelines.watch import watch
from tests.models.labelled_world import SETTINGS

JULY, NOVEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 11))
FAST = replace(SETTINGS, fewest_positives=20)
# The world of the tests is young: its customers' histories still grow.
YOUNG = Limits(much_drift=1.0, most_days=400)


@pytest.fixture(scope="module")
def watched_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose champion learned until July, with features until November."""
    home = tmp_path_factory.mktemp("watched")
    tables = generate(home / "tables", customers=4_000, seed=11, until=NOVEMBER)
    build_training(tables, home=home, as_of=JULY)
    (home / "gate.toml").write_text("[signature]\nrequired = true\n")
    made = train_challenger(home, tables=tables, as_of=JULY, settings=FAST)
    registry.promote(home, version=made.version, by="t", why="t", now=JULY)
    build_training(tables, home=home, as_of=NOVEMBER)
    return home


def test_fresh_contacts_are_compared_and_the_page_is_written(watched_home: Path) -> None:
    found, page = watch(watched_home, tables=watched_home / "tables", as_of=NOVEMBER, limits=YOUNG)
    assert found.contacts > 200
    accept = {each.profile: each for each in found.performance if each.signal == "accept"}
    assert accept["all"].realised is not None
    assert accept["all"].ripe < accept["all"].rows
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(page.with_name("watch.json").read_text())["model_set"] == found.model_set


def test_a_column_that_is_fed_otherwise_advises_to_retrain(watched_home: Path) -> None:
    path = watched_home / "features" / "training.parquet"
    whole = pq.read_table(path)
    fresh = np.asarray(whole["as_of"].to_pylist()) >= JULY
    ages = np.asarray(whole["age"].to_pylist(), dtype=np.float64)
    place = whole.schema.get_field_index("age")
    planted = pa.array(np.where(fresh, ages * 12, ages), from_pandas=True)
    try:
        pq.write_table(whole.set_column(place, "age", planted), path)
        found, _ = watch(watched_home, tables=watched_home / "tables", as_of=NOVEMBER, limits=YOUNG)
    finally:
        pq.write_table(whole, path)
    assert found.retrain
    assert any("column age has drifted" in reason for reason in found.reasons)


def test_without_fresh_contacts_it_says_what_to_do(watched_home: Path) -> None:
    path = watched_home / "features" / "training.parquet"
    whole = pq.read_table(path)
    before = np.asarray(whole["as_of"].to_pylist()) < JULY
    try:
        pq.write_table(whole.filter(pa.array(before)), path)
        with pytest.raises(ContractError, match="There are 0 contacts since 2026-07-01"):
            watch(watched_home, tables=watched_home / "tables", as_of=NOVEMBER)
    finally:
        pq.write_table(whole, path)


def test_without_a_champion_there_is_nothing_to_watch(tmp_path: Path) -> None:
    with pytest.raises(ModelSetNotFoundError, match="no champion to watch"):
        watch(tmp_path, tables=tmp_path, as_of=NOVEMBER)


def test_a_retraining_asked_only_if_advised_trains_nothing_while_the_champion_fits(
    watched_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = Limits(fall=1.0, most_error=1.0, much_drift=99.0, missing=1.0, most_days=9e9)
    monkeypatch.setattr("pipelines.watch.Limits", lambda: quiet)
    asked = Order(
        watched_home / "tables", NOVEMBER, NOVEMBER, "cron", "weekly", only_if_advised=True
    )
    models = sorted(path.name for path in (watched_home / "models").iterdir())
    done = retrain(watched_home, asked, settings=FAST)
    assert done.outcome is Outcome.NOT_NEEDED
    assert sorted(path.name for path in (watched_home / "models").iterdir()) == models
