from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.errors import DecisionUnknownError, LogUnavailableError, OutcomeConflictError
from serving.log import DecisionLog
from serving.log_file import LoggedDecision, LoggedOutcome, Stored

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


def a_decision(decision_id: str = "d-1", **changes: Any) -> LoggedDecision:
    usual: dict[str, Any] = {
        "decision_id": decision_id, "contact_id": "c-1", "partner": "main",
        "customer_id": "main-1", "identified_by": "phone", "decided_at": NOW,
        "source": "strategy", "why": None, "value_group": "first", "queue": "sales_first",
        "offer_id": "term_life", "arm": "on", "probability": 0.95, "strategy_set": "s",
        "model_set": "17", "asked_by": "pbx", "microseconds": 210,
        "request": "{}", "answer": "{}",
    }  # fmt: skip
    return LoggedDecision(**(usual | changes))


def an_outcome(decision_id: str = "d-1", **changes: Any) -> LoggedOutcome:
    usual: dict[str, Any] = {
        "decision_id": decision_id, "offer_id": "term_life", "accepted": True, "revenue": 510.0,
        "occurred_at": NOW, "received_at": NOW,
    }  # fmt: skip
    return LoggedOutcome(**(usual | changes))


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "decisions.sqlite"


@pytest.fixture
def log(file: Path) -> Iterator[DecisionLog]:
    made = DecisionLog(file)
    made.start()
    yield made
    made.close()


def test_a_decision_is_on_disk_within_fifty_milliseconds(log: DecisionLog, file: Path) -> None:
    log.add(a_decision("first"))  # makes the file
    time.sleep(0.3)
    waited = []
    for at in range(10):  # the best of ten, since a busy machine stops every process now and then
        begun = time.monotonic()
        log.add(a_decision(f"d-{at}"))
        while len(rows(file, "SELECT decision_id FROM decisions")) < at + 2:
            assert time.monotonic() - begun < 10
            time.sleep(0.002)
        waited.append(time.monotonic() - begun)
    assert min(waited) < 0.05


def test_every_field_of_a_decision_is_stored(log: DecisionLog, file: Path) -> None:
    log.add(a_decision(request='{"contact_id": "c-1"}'))
    log.close()
    (row,) = rows(file, "SELECT * FROM decisions")
    assert row[:6] == ("d-1", "c-1", "main", "main-1", "phone", "2026-11-22T14:30:00.000000+00:00")
    assert row[10:] == (
        "term_life", "on", 0.95, "s", "17", "pbx", 210, '{"contact_id": "c-1"}', "{}",
    )  # fmt: skip


def test_closing_writes_all_that_waits(file: Path) -> None:
    log = DecisionLog(file)
    for at in range(5_000):
        assert log.add(a_decision(f"d-{at}"))
    log.start()
    log.close()
    assert rows(file, "SELECT count(*) FROM decisions") == [(5_000,)]
    assert log.written == 5_000


def test_a_full_queue_drops_and_counts_and_never_waits(file: Path) -> None:
    log = DecisionLog(file, length=2)
    assert [log.add(a_decision(f"d-{at}")) for at in range(4)] == [True, True, False, False]
    assert log.dropped == 2
    assert log.trouble is not None and "full" in log.trouble


def test_an_outcome_is_on_disk_when_it_is_acknowledged(log: DecisionLog, file: Path) -> None:
    async def test() -> None:
        log.add(a_decision())
        assert await log.store(an_outcome()) is Stored.NEW
        assert rows(file, "SELECT decision_id, offer_id, accepted, revenue FROM outcomes") == [
            ("d-1", "term_life", 1, 510.0)
        ]

    asyncio.run(test())


def test_repeating_an_outcome_changes_nothing_and_contradicting_it_is_refused(
    log: DecisionLog, file: Path
) -> None:
    async def test() -> None:
        log.add(a_decision())
        await log.store(an_outcome())
        later = NOW + timedelta(hours=1)
        assert await log.store(an_outcome(received_at=later)) is Stored.REPEATED
        with pytest.raises(OutcomeConflictError, match=r"accepted=true, revenue=510\.0"):
            await log.store(an_outcome(accepted=False, revenue=None))
        assert len(rows(file, "SELECT * FROM outcomes")) == 1

    asyncio.run(test())


def test_an_outcome_of_an_unknown_decision_is_refused(log: DecisionLog) -> None:
    async def test() -> None:
        with pytest.raises(DecisionUnknownError, match="no decision 'd-9'"):
            await log.store(an_outcome("d-9"))

    asyncio.run(test())


def test_a_log_that_cannot_be_written_says_so_and_recovers(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.write_text("in the way")  # a file where the folder should be
    log = DecisionLog(folder / "decisions.sqlite")
    log.start()

    async def test() -> None:
        log.add(a_decision())
        with pytest.raises(LogUnavailableError):
            await log.store(an_outcome())
        assert log.dropped == 1
        assert log.trouble is not None and "cannot be written" in log.trouble
        folder.unlink()
        log.add(a_decision())
        assert await log.store(an_outcome()) is Stored.NEW
        assert log.trouble is None

    asyncio.run(test())
    log.close()


def test_one_bad_entry_costs_only_itself(file: Path) -> None:
    log = DecisionLog(file)
    log.add(a_decision("d-1"))
    log.add(a_decision("d-2", contact_id=object()))
    log.add(a_decision("d-3"))
    log.start()
    log.close()
    assert rows(file, "SELECT decision_id FROM decisions") == [("d-1",), ("d-3",)]
    assert log.dropped == 1


def test_what_was_committed_survives_a_killed_process(file: Path) -> None:
    import subprocess
    import sys

    script = (
        "import asyncio, os, sys; from pathlib import Path;"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r});"
        "from test_log import a_decision, an_outcome; from serving.log import DecisionLog\n"
        "async def main():\n"
        f"    log = DecisionLog(Path({str(file)!r})); log.start(); log.add(a_decision())\n"
        "    await log.store(an_outcome()); os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False)
    assert ended.returncode == -9
    assert rows(file, "SELECT decision_id FROM outcomes") == [("d-1",)]


def test_a_log_taken_away_is_begun_anew(log: DecisionLog, file: Path) -> None:
    log.add(a_decision("before"))
    while log.written < 1:
        time.sleep(0.01)
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()
    log.add(a_decision("after"))
    while log.written < 2:
        time.sleep(0.01)
    assert rows(file, "SELECT decision_id FROM decisions") == [("after",)]
