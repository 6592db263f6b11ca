"""A log in PostgreSQL loses the person and keeps its counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from pipelines.erasing.marks import Mark, MarkKind
from pipelines.erasing.person import Person
from pipelines.erasing.postgresql_log import erase_postgresql_log
from serving.log_entry import LoggedDecision, instant_text
from serving.log_postgresql import PostgresqlLog
from serving.log_store import Group
from tests.serving.postgresql_cluster import Cluster, cluster

NOW = instant_text(datetime(2026, 11, 1, tzinfo=UTC))
PERSON = Person(
    "c0000019", "main", (Mark(MarkKind.ID, "c0000019"), Mark(MarkKind.PHONE, "+15557310042"))
)


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def _decision(number: int, *, customer_id: str | None, request: str) -> LoggedDecision:
    return LoggedDecision(
        f"d{number}", f"k{number}", "main", customer_id, "phone", NOW, "strategy", None, "first",
        "sales", "home", "on", 0.95, "2026-11-01.1", "17", "pbx", 120, request, "{}",
    )  # fmt: skip


def test_the_rows_of_the_person_are_emptied_and_still_counted(database: Cluster) -> None:
    import psycopg

    stranger = _decision(3, customer_id=None, request='{"from":"+1 555 731 0042"}')
    rows = [
        _decision(1, customer_id="c0000019", request='{"customer_id":"c0000019"}'),
        _decision(2, customer_id="c0000001", request='{"from":"+15550000001"}'),
        msgspec.structs.replace(stranger, why="No customer is known by number '+1 555 731 0042'."),
    ]
    store = PostgresqlLog(database.address)
    store.write(Group(rows, [], [], {}))
    store.close()
    assert erase_postgresql_log(database.address, PERSON) == 2
    assert erase_postgresql_log(database.address, PERSON) == 0
    with psycopg.connect(database.address) as connection:
        left = connection.execute("SELECT decisions::text FROM decisions ORDER BY 1").fetchall()
        whys = connection.execute("SELECT why FROM decisions").fetchall()
        arms = connection.execute("SELECT count(*), sum(probability) FROM decisions").fetchone()
    assert arms == (3, pytest.approx(3 * 0.95))
    text = str(left)
    assert "c0000019" not in text
    assert "731" not in text
    assert "c0000001" in text
    assert ("No customer is known by number 'erased'.",) in whys
