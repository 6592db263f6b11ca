"""An erased customer leaves no trace in any file, and the log keeps its counts."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from features.check import check
from features.erased import Tombstones
from features.frame import build_population, build_training
from pipelines.erasing.erase import Erasure, erase
from pipelines.erasing.errors import CustomerNotHeldError
from pipelines.erasing.person import Person
from pipelines.erasing.strategy_sets import erase_strategies
from pipelines.explain import explain
from pipelines.workspace import Workspace
from routing.strategy_file import every_strategy, verify
from routing.strategy_pointer import file_of, labels
from routing.strategy_reader import StrategyReader
from tests.pipelines.erasing.held_home import NOW, UNTIL, build, form, places_naming

STATISTICS = (
    "decision_id, partner, identified_by, decided_at, source, value_group, queue, offer_id, arm,"
    " probability, strategy_set, model_set, asked_by, microseconds, in_force"
)


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    home = tmp_path_factory.mktemp("held") / "home"
    return home, build(home)


def _statistics(home: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as log:
        return log.execute(f"SELECT {STATISTICS} FROM decisions ORDER BY decision_id").fetchall()


@pytest.fixture(scope="module")
def before(held: tuple[Path, str]) -> tuple[list[str], list[tuple[object, ...]]]:
    home, customer = held
    return places_naming(home, customer), _statistics(home)


@pytest.fixture(scope="module")
def erased(held: tuple[Path, str], before: object) -> tuple[Path, str, Erasure]:
    home, customer = held
    shutil.copytree(home, home.with_name("whole"))
    return home, customer, erase(customer, home=home, by="test", now=NOW)


def test_every_store_held_the_person_and_none_does(before, erased) -> None:
    places, _ = before
    for store in ("tables/customers", "tables/contacts", "tables/truth", "features/population",
                  "features/training", "features/views", "strategies/", "log/decisions.sqlite",
                  "log/answered.sqlite", "log/server.txt", "models/", "mlflow/mlflow.db",
                  "mlflow/artifacts", "reports/limits_survey.npz", "reports/changes.html",
                  "feast.db"):  # fmt: skip
        assert any(place.startswith(store) for place in places), store
    home, customer, done = erased
    assert places_naming(home, customer) == []
    assert done.left == ()


def test_the_log_keeps_its_counts(before, erased) -> None:
    home, _, done = erased
    assert _statistics(home) == before[1]
    assert done.taken["log"] >= 9
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as log:
        assert log.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = log.execute("SELECT count(*) FROM decisions WHERE contact_id LIKE 'erased-%'")
        assert rows.fetchone()[0] == done.taken["log"]


def test_an_erased_decision_is_explained_as_such(erased) -> None:
    home, _, _ = erased
    file = home / "log" / "decisions.sqlite"
    with closing(sqlite3.connect(file)) as log:
        sql = "SELECT decision_id FROM decisions WHERE contact_id LIKE 'erased-%'"
        (decision_id,) = log.execute(sql).fetchone()
    assert "Its customer was erased." in explain(decision_id, log=file, home=home).text


def test_nobody_else_loses_anything(erased) -> None:
    home, customer, _ = erased
    whole = home.with_name("whole")
    for name in ("customers", "contacts", "outcomes", "customer_events"):
        with duckdb.connect() as connection:
            left = (
                f"SELECT * FROM '{whole}/tables/{name}/**/*.parquet'"
                f" WHERE customer_id IS DISTINCT FROM '{customer}' EXCEPT"
                f" SELECT * FROM '{home}/tables/{name}/**/*.parquet'"
            )
            missing = connection.execute(left).fetchall()
        # The stranger's call from the erased number: without the number, it is another row.
        assert len(missing) == (1 if name == "contacts" else 0), name
    for label in labels(home / "strategies"):
        was = {
            one.customer_id: one for one in every_strategy(whole / "strategies" / file_of(label))
        }
        del was[customer]
        path = home / "strategies" / file_of(label)
        assert {one.customer_id: one for one in every_strategy(path)} == was
        assert verify(path).customers == len(was)


def test_a_reader_follows_to_the_set_without_the_person(held, erased, tmp_path: Path) -> None:
    home, customer, _ = erased
    copy = tmp_path / "home"
    shutil.copytree(home.with_name("whole"), copy)
    reader = StrategyReader(copy / "strategies", check_seconds=0.0)
    assert reader.by_customer("main", customer) is not None
    erase_strategies(copy / "strategies", Person(customer, "main", ()))
    assert reader.by_customer("main", customer) is None
    assert reader.problem is None


def test_the_erased_do_not_come_back_with_the_next_tables(erased, tmp_path: Path) -> None:
    home, customer, _ = erased
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    shutil.rmtree(copy / "tables")
    shutil.copytree(home.with_name("whole") / "tables", tmp_path / "fresh")
    fresh = tmp_path / "fresh"
    report = check(fresh, quarantine=copy / "quarantine")
    assert report.erased["customers"] == 1
    assert report.erased["contacts"] >= 1
    build_training(fresh, home=copy, as_of=UNTIL)
    build_population(fresh, home=copy, as_of=UNTIL)
    form(copy, now=NOW + timedelta(days=1), tables=fresh)
    assert places_naming(copy, customer) == []


def test_an_erasure_that_was_killed_is_completed_by_the_same_command(
    erased, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, customer, _ = erased
    copy = tmp_path / "home"
    shutil.copytree(home.with_name("whole"), copy)
    _moved(copy)
    killed_before = ("erase_log", "_erase_files", "_erase_tables", "_check_again", "traces_of")
    for step in killed_before:
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(f"pipelines.erasing.erase.{step}", _killed)
            erase(customer, home=copy, by="test", now=NOW)
    completed = erase(customer, home=copy, by="test", now=NOW)
    assert places_naming(copy, customer) == []
    assert completed.left == ()
    assert len(list(Tombstones.of(copy))) == 1


def _killed(*_arguments: object, **_more: object) -> None:
    raise KeyboardInterrupt


def _moved(home: Path) -> None:
    """Let the workspace know that its tables lie in it, after it was copied."""
    Workspace(home).remember(tables=home / "tables", as_of=UNTIL)


def test_erasing_again_finds_nothing_and_a_stranger_is_refused(erased) -> None:
    home, customer, _ = erased
    again = erase(customer, home=home, by="test", now=NOW)
    assert sum(again.taken.values()) == 0
    with pytest.raises(CustomerNotHeldError, match="capitals and zeros count"):
        erase("c9999999", home=home, by="test", now=NOW)
    with pytest.raises(CustomerNotHeldError, match="not of partner 'harbor'"):
        erase("c0000001", home=home, by="test", now=NOW, partner="harbor")
    assert len(list(Tombstones.of(home))) == 1


def test_the_tombstone_names_nobody(erased) -> None:
    home, customer, _ = erased
    (one,) = Tombstones.of(home)
    assert len(one.key) == 32
    assert customer not in (home / "erased" / "customers.jsonl").read_text()
    assert (home / "erased" / "erased.key").stat().st_mode & 0o077 == 0
