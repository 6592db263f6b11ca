"""The loop from contacts to strategies: promoted, refused, held by another, killed, run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models import registry
from models.settings import TrainingSettings
from pipelines.insurer import generate
from pipelines.locking import HeldError, held
from pipelines.retrain import LOG, BadTablesError, Order, Outcome, retrain
from routing.strategy_pointer import read_pointer
from tests.models.labelled_world import SETTINGS

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
FAST: TrainingSettings = replace(SETTINGS, fewest_positives=20)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("insurer") / "tables"
    return generate(made, customers=2_500, seed=11, until=NOVEMBER)


def order(tables: Path, **changed: object) -> Order:
    return replace(Order(tables, None, NOVEMBER, "cron", "weekly"), **changed)


def lenient(home: Path) -> None:
    """Small worlds are noisy: only what the loop does with the verdict is looked at here."""
    (home / "gate.toml").write_text("[signature]\nrequired = true\n")


@pytest.mark.slow
def test_it_promotes_and_publishes_then_a_refusal_changes_nothing(
    tables: Path, tmp_path: Path
) -> None:
    lenient(tmp_path)
    first = retrain(tmp_path, order(tables), settings=FAST)
    assert (first.outcome, first.champion) == (Outcome.PROMOTED, first.model_set)
    pointer = read_pointer(tmp_path / "strategies")
    assert pointer is not None
    assert pointer.label == first.strategy_set

    (tmp_path / "gate.toml").write_text("[chance]\nleast_auc = 0.99\n")
    second = retrain(tmp_path, order(tables), settings=replace(FAST, seed=8))
    assert second.outcome is Outcome.REFUSED
    assert second.champion == first.model_set
    assert any("surely above 0.99" in sentence for sentence in second.failing)
    after = read_pointer(tmp_path / "strategies")
    assert after is not None
    assert after.label == pointer.label
    lines = [json.loads(line) for line in (tmp_path / LOG).read_text().splitlines()]
    assert [line["outcome"] for line in lines] == ["promoted", "refused by the gate"]


def test_a_second_run_is_told_who_holds_the_workspace(tables: Path, tmp_path: Path) -> None:
    with (
        held(tmp_path, who="cron", now=NOVEMBER),
        pytest.raises(HeldError, match=r"cron, process \d+, since 2026-11-01"),
    ):
        retrain(tmp_path, order(tables), settings=FAST)


def test_bad_tables_stop_it_before_anything_is_trained(tables: Path, tmp_path: Path) -> None:
    bad = tmp_path / "tables"
    bad.mkdir()
    (bad / "customers.csv").write_text("customer_id,partner\n,p1\n,p1\nc3,p1\n")
    with pytest.raises(BadTablesError, match="rows are bad in customers"):
        retrain(tmp_path / "home", order(bad, as_of=NOVEMBER), settings=FAST)
    assert not (tmp_path / "home" / "models").exists()


@pytest.mark.slow
def test_killed_half_way_it_runs_again_without_a_terminal_or_a_home(
    tables: Path, tmp_path: Path
) -> None:
    lenient(tmp_path)
    asked = [sys.executable, "-m", "pipelines.cli", "retrain", "--json", "--no-form"]
    asked += ["--tables", str(tables), "--home", str(tmp_path)]
    plain = {"PATH": os.environ["PATH"], "LOGNAME": "cron"}
    running = subprocess.Popen(
        asked, env=plain, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    frame = tmp_path / "features" / "population.parquet"
    until = time.monotonic() + 120
    while not frame.exists() and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert registry.current(tmp_path) is None

    again = subprocess.run(
        asked, env=plain, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["retrained"]["outcome"] == "promoted"
    assert registry.current(tmp_path) is not None
