"""Each fault, planted, is found by its check, with a fix; a whole home has none."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from pipelines.cli.program import app
from pipelines.doctor import (
    access,
    decision_log,
    examination,
    folder,
    installation,
    published,
    tracking,
)
from pipelines.doctor.finding import Check, Finding, Grade, Looked
from serving.key_changes import create_key
from serving.log_file import open_log
from serving.settings import Settings
from tests.formed_sets import SECOND, form_two_sets

NOW = SECOND + timedelta(hours=6)


@pytest.fixture
def looked(tmp_path: Path) -> Looked:
    """Return a home with two strategy sets, a log and a key, which nothing is wrong with."""
    home = tmp_path / "home"
    form_two_sets(home)
    (home / "log").mkdir()
    open_log(home / "log" / "decisions.sqlite").close()
    create_key(home, name="router-1", role="router")
    return Looked(Settings(home=home, port=_free_port()), NOW)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wrong(check: Check, looked: Looked) -> list[Finding]:
    return [one for one in check(looked) if one.grade is Grade.WRONG]


def _only(check: Check, looked: Looked) -> Finding:
    (found,) = _wrong(check, looked)
    assert found.fix
    return found


def test_nothing_is_wrong_with_a_whole_home(looked: Looked) -> None:
    old = (NOW - timedelta(minutes=1)).timestamp()
    for path in looked.home.rglob("*"):  # written now, which is after the instant of the test
        os.utime(path, (old, old))
    found = list(examination.examine(looked))
    assert [one for one in found if one.grade is Grade.WRONG] == []
    assert {one.about for one in found if one.grade is Grade.WELL} >= {
        "python", "packages", "port", "home", "disk", "clock", "permissions", "leftovers", "keys",
        "strategies", "secret", "kept sets", "experiment", "offers", "log", "log gaps",
    }  # fmt: skip


def test_another_python_is_told(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    assert "3.9.18" in _only(installation.python_version, looked).fact


@pytest.mark.parametrize(
    ("asked", "fact"),
    [("msgspec>=99", "msgspec is "), ("no-such-package>=1", "no-such-package is not installed")],
)
def test_a_package_that_does_not_fit_is_named(asked: str, fact: str) -> None:
    assert fact in (installation.unfit(Requirement(asked)) or "")
    assert installation.unfit(Requirement("msgspec>=0.1")) is None


def test_a_taken_port_is_told(looked: Looked) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", looked.settings.port))
        other.listen()
        (found,) = installation.port(looked)
    assert found.grade is Grade.NOTE  # the server itself may run
    assert "taken" in found.fact


def test_an_address_of_nobody_is_told(looked: Looked) -> None:
    elsewhere = Looked(Settings(home=looked.home, host="192.0.2.1", port=0), NOW)
    assert "no address" in _only(installation.port, elsewhere).fact


def test_a_home_that_is_not_there_is_told(tmp_path: Path) -> None:
    absent = Looked(Settings(home=tmp_path / "nowhere"), NOW)
    assert "no home folder" in _only(folder.writable, absent).fact


def test_a_home_that_cannot_be_written_is_told(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder.tempfile, "TemporaryFile", refuse)
    assert "Permission denied" in _only(folder.writable, looked).fact


def test_a_full_disk_is_told(looked: Looked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LEAST_BYTES", 2**62)
    assert "GiB are free" in _only(folder.room, looked).fact


def test_a_file_from_the_future_is_told(looked: Looked) -> None:
    ahead = (NOW + timedelta(hours=3)).timestamp()
    os.utime(looked.home / "strategies" / "current.json", (ahead, ahead))
    before = (NOW - timedelta(hours=1)).timestamp()
    for path in looked.home.rglob("*"):
        if path.name != "current.json":
            os.utime(path, (before, before))
    assert "current.json was written 3 hours after now" in _only(folder.times, looked).fact


def test_a_secret_that_others_may_read_is_told(looked: Looked) -> None:
    (looked.home / "strategies" / "index.key").chmod(0o644)
    assert "chmod 600" in str(_only(folder.permissions, looked).fix)


def test_a_home_that_every_user_may_enter_is_told(looked: Looked) -> None:
    looked.home.chmod(0o755)
    (told,) = [one for one in folder.permissions(looked) if one.grade is Grade.NOTE]
    assert "chmod -R o=" in str(told.fix)
    looked.home.chmod(0o750)
    assert not [one for one in folder.permissions(looked) if one.grade is Grade.NOTE]


def test_what_a_killed_run_left_is_told(looked: Looked) -> None:
    (looked.home / "features").mkdir()
    (looked.home / "features" / ".training.parquet.999999999.tmp").write_bytes(b"half")
    mine = looked.home / "features" / f".training.parquet.{os.getpid()}.tmp"
    mine.write_bytes(b"of a run that goes on")
    (found,) = folder.leftovers(looked)
    assert found.grade is Grade.NOTE
    assert "999999999" in found.fact
    assert mine.name not in found.fact


@pytest.mark.parametrize(
    ("text", "fact"),
    [("[[keys]]\nname = 1", "key 1"), ("", "no [[keys]] entries"), ("[[", "cannot be read")],
)
def test_a_broken_keys_file_is_told(looked: Looked, text: str, fact: str) -> None:
    looked.settings.keys_file.write_text(text)
    assert fact in _only(access.keys, looked).fact


def test_no_keys_where_others_can_reach_is_told(looked: Looked) -> None:
    looked.settings.keys_file.unlink()
    open_house = Looked(Settings(home=looked.home, host="0.0.0.0"), NOW)
    assert "will not start" in _only(access.keys, open_house).fact
    assert _wrong(access.keys, looked) == []


def test_keys_that_have_ended_are_told(looked: Looked) -> None:
    file = looked.settings.keys_file
    file.write_text(file.read_text() + "ends = 2020-01-01T00:00:00Z\n")
    assert "Every key has ended" in _only(access.keys, looked).fact


def _pointer(home: Path) -> Path:
    return home / "strategies" / "current.json"


def _set_in_force(home: Path) -> Path:
    return home / "strategies" / str(json.loads(_pointer(home).read_text())["file"])


def _cut_short(home: Path) -> None:
    file = _set_in_force(home)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("break_it", "fact"),
    [
        (lambda home: _pointer(home).unlink(), "No strategy set is published"),
        (lambda home: _pointer(home).write_text("{"), "cannot be read"),
        (lambda home: _set_in_force(home).unlink(), "unable to open"),
        (_cut_short, "malformed"),
    ],
)
def test_strategies_that_cannot_be_served_are_told(
    looked: Looked, break_it: Callable[[Path], Any], fact: str
) -> None:
    break_it(looked.home)
    assert fact in _only(published.strategies, looked).fact


def test_old_strategies_are_told(looked: Looked) -> None:
    late = Looked(looked.settings, NOW + timedelta(days=4))
    assert "The strategies are old" in _only(published.strategies, late).fact


def test_another_secret_is_told(looked: Looked) -> None:
    (looked.home / "strategies" / "index.key").write_text("00" * 32)
    assert "another index.key" in _only(published.secret, looked).fact


def test_a_kept_set_that_cannot_be_read_is_told(looked: Looked) -> None:
    (looked.home / "strategies" / "strategies-2026-11-20.1.sqlite").write_bytes(b"no set")
    assert "strategies-2026-11-20.1" in _only(published.kept_sets, looked).fact


@pytest.mark.parametrize("text", ["{", '{"folder": "17"}'])
def test_a_model_set_that_cannot_be_loaded_is_told(looked: Looked, text: str) -> None:
    (looked.home / "models").mkdir()
    (looked.home / "models" / "current.json").write_text(text)
    assert "cannot be loaded" in _only(published.model_set, looked).fact


def test_a_broken_plan_is_told(looked: Looked) -> None:
    looked.settings.experiment_file.write_text("{")
    assert "experiment.json" in _only(published.plan, looked).fact


def test_a_chain_of_decisions_on_offers_that_was_altered_is_told(looked: Looked) -> None:
    (looked.home / "offers").mkdir()
    (looked.home / "offers" / "states.jsonl").write_text('{"offer_id": "x", "before": "0"}\n')
    assert _only(published.standings, looked).about == "offers"


def test_a_log_that_cannot_be_read_is_told(looked: Looked) -> None:
    looked.settings.log_file.write_bytes(b"no database at all, whatever its name says" * 100)
    assert "cannot be read" in _only(decision_log.log, looked).fact


def test_gaps_in_the_log_are_told(looked: Looked) -> None:
    with closing(sqlite3.connect(looked.settings.log_file)) as log, log:
        log.execute("INSERT INTO gaps VALUES ('2026-11-01', '2026-11-02', 7, 'the disk was full')")
    found = _only(decision_log.log, looked)
    assert "7 decisions missing" in found.fact
    assert "the disk was full" in found.fact


def test_a_store_of_runs_that_is_damaged_is_told(looked: Looked) -> None:
    (looked.home / "mlflow").mkdir()
    (looked.home / "mlflow" / "mlflow.db").write_bytes(b"no database, whatever its name" * 100)
    assert "cannot be read" in _only(tracking.mlflow, looked).fact


def test_a_server_of_runs_that_does_not_answer_is_told(
    looked: Looked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{_free_port()}")
    assert "does not answer" in _only(tracking.mlflow, looked).fact


def test_a_check_that_breaks_is_a_finding_and_hides_no_other(looked: Looked) -> None:
    def breaks(_looked: Looked) -> Iterator[Finding]:
        raise OSError("the folder went away")

    first, second = examination.examine(looked, checks=(breaks, access.keys))
    assert (first.grade, second.about) == (Grade.WRONG, "keys")
    assert "the folder went away" in first.fact


def test_the_exit_code_is_one_when_something_is_wrong(looked: Looked) -> None:
    _pointer(looked.home).unlink()
    said = CliRunner().invoke(app, ["doctor", "--home", str(looked.home), "--json"])
    told = msgspec.json.decode(said.stdout)
    assert said.exit_code == 1
    assert told["healthy"] is False
    assert {"about": "strategies", "grade": "wrong"}.items() <= next(
        one for one in told["findings"] if one["grade"] == "wrong"
    ).items()


def test_it_changes_nothing(looked: Looked) -> None:
    def everything() -> dict[str, bytes]:
        files = (path for path in looked.home.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    before = everything()
    list(examination.examine(Looked(looked.settings, datetime.now(UTC))))
    assert everything() == before
