"""What every place of a decision log must do, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from serving.errors import DecisionUnknownError, LogUnavailableError, OutcomeConflictError
from serving.log import DecisionLog
from serving.log_apart import ApartStore
from serving.log_entry import LoggedDecision, LoggedOutcome, Stored, instant_text
from serving.log_file import LogFile
from serving.log_postgresql import PostgresqlLog
from serving.log_store import LogStore
from tests.serving.postgresql_cluster import Cluster, cluster

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
DECISION = LoggedDecision(
    "d-1", "c-1", "main", None, "phone", instant_text(NOW), "strategy", None, "first",
    "sales_first", "term_life", "on", 0.95, "s", "17", "pbx", 210, '{"name":"Zoë"}', "{}", "0f1e",
    None,
)  # fmt: skip
OUTCOME = LoggedOutcome("d-1", "term_life", True, 510.0, NOW, NOW)
PATIENT = 60.0

Rows = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(params=["file", "apart", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[LogStore, Rows]]:
    """Return an empty place, and a function that asks it from the side."""
    if request.param in ("file", "apart"):
        file = tmp_path / "decisions.sqlite"

        def from_file(query: str) -> list[tuple[Any, ...]]:
            with closing(sqlite3.connect(file)) as connection:
                return connection.execute(query).fetchall()

        made = LogFile(file)
        apart = request.param == "apart"
        yield (ApartStore(file, log=None, name=made.name) if apart else made), from_file
        return
    address = request.getfixturevalue("server").address
    import psycopg

    def from_database(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(address) as connection:
            return connection.execute(query).fetchall()

    yield PostgresqlLog(address), from_database
    with psycopg.connect(address) as connection:
        connection.execute("DROP TABLE outcomes, decisions, in_force, gaps")


@pytest.fixture
def store(place: tuple[LogStore, Rows]) -> LogStore:
    return place[0]


@pytest.fixture
def rows(place: tuple[LogStore, Rows]) -> Rows:
    return place[1]


@pytest.fixture
def log(store: LogStore) -> Iterator[DecisionLog]:
    made = DecisionLog(store)
    made.start()
    yield made
    made.close()


def numbered(number: int, **changes: Any) -> LoggedDecision:
    return msgspec.structs.replace(DECISION, decision_id=f"d-{number}", **changes)


async def add(log: DecisionLog, decision: LoggedDecision) -> None:
    assert await log.add_durably(decision, limit_seconds=PATIENT)


def test_every_field_comes_back_as_it_went_in(log: DecisionLog, rows: Rows) -> None:
    asyncio.run(add(log, DECISION))
    assert rows("SELECT * FROM decisions") == [msgspec.structs.astuple(DECISION)]


def test_a_decision_is_there_once_however_often_it_is_added(log: DecisionLog, rows: Rows) -> None:
    async def test() -> None:
        for _ in range(3):
            await add(log, DECISION)

    asyncio.run(test())
    assert rows("SELECT count(*) FROM decisions") == [(1,)]


def test_all_that_was_queued_is_written_at_the_end(store: LogStore, rows: Rows) -> None:
    log = DecisionLog(store)
    assert all(log.add(numbered(number)) for number in range(5_000))
    log.start()
    log.close()
    assert rows("SELECT count(*), count(DISTINCT decision_id) FROM decisions") == [(5_000, 5_000)]


def test_an_outcome_is_new_once_then_repeated_or_refused(log: DecisionLog, rows: Rows) -> None:
    async def test() -> None:
        with pytest.raises(DecisionUnknownError, match="no decision 'd-1'"):
            await log.store(OUTCOME)
        log.add(DECISION)
        assert await log.store(OUTCOME) is Stored.NEW
        later = msgspec.structs.replace(OUTCOME, received_at=NOW + timedelta(hours=1))
        assert await log.store(later) is Stored.REPEATED
        other = msgspec.structs.replace(OUTCOME, accepted=False, revenue=None)
        with pytest.raises(OutcomeConflictError, match=r"accepted=true, revenue=510\.0"):
            await log.store(other)

    asyncio.run(test())
    assert rows("SELECT decision_id, offer_id, accepted, revenue FROM outcomes") == [
        ("d-1", "term_life", 1, 510.0)
    ]


def test_what_is_in_force_is_kept_once(log: DecisionLog, rows: Rows) -> None:
    async def test() -> None:
        for number in range(2):
            log.introduce("0f1e", b'{"strategy_set":"s"}')
            await add(log, numbered(number))

    asyncio.run(test())
    assert rows("SELECT * FROM in_force") == [("0f1e", '{"strategy_set":"s"}')]


def test_one_bad_entry_costs_only_itself_and_is_told(store: LogStore, rows: Rows) -> None:
    log = DecisionLog(store)
    for decision in (numbered(1), numbered(2, contact_id=object()), numbered(3)):
        log.add(decision)
    log.start()
    log.close()
    found = rows("SELECT decision_id FROM decisions ORDER BY decision_id")
    assert found == [("d-1",), ("d-3",)]
    assert rows("SELECT decisions FROM gaps") == [(1,)]


def test_what_did_not_fit_is_told(store: LogStore, rows: Rows) -> None:
    log = DecisionLog(store, length=2)
    assert [log.add(numbered(number)) for number in range(5)] == [True, True, False, False, False]
    log.start()
    log.close()
    assert rows("SELECT decisions FROM gaps") == [(3,)]


def test_any_text_can_be_stored(log: DecisionLog, rows: Rows) -> None:
    asyncio.run(add(log, numbered(1, contact_id="a\0b\u2028😀'\"\\%s")))
    ((found,),) = rows("SELECT contact_id FROM decisions")
    assert found.replace("\ufffd", "\0") == "a\0b\u2028😀'\"\\%s"


def test_a_database_that_crashes_loses_nothing_that_was_acknowledged(server: Cluster) -> None:
    import psycopg

    log = DecisionLog(PostgresqlLog(server.address))
    log.start()

    async def test() -> None:
        await add(log, numbered(1))
        server.stop()
        assert log.add(numbered(2)), "nobody waits for the database"
        assert not await log.add_durably(numbered(3))
        with pytest.raises(LogUnavailableError):
            await log.store(OUTCOME)
        server.start()
        assert await _eventually(log) is Stored.NEW

    asyncio.run(test())
    log.close()
    with psycopg.connect(server.address) as connection:
        found = connection.execute("SELECT decision_id FROM decisions ORDER BY 1").fetchall()
        connection.execute("DROP TABLE outcomes, decisions, in_force, gaps")
    assert found == [("d-1",), ("d-2",), ("d-3",)]


async def _eventually(log: DecisionLog) -> Stored:
    until = time.monotonic() + PATIENT
    while True:
        try:
            return await log.store(OUTCOME)
        except LogUnavailableError:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
