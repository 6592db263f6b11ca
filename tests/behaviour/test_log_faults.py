"""Whatever befalls the decision log: nothing acknowledged is lost or doubled, and gaps are told."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from serving.errors import LogUnavailableError
from serving.log import DecisionLog
from serving.log_entry import LoggedOutcome, Stored, instant_text
from serving.log_file import LogFile
from serving.log_store import Answer, Group
from tests.behaviour.log_writing import NOW, a_decision
from tests.behaviour.small_disk import fill, small_disk

WRITER = Path(__file__).with_name("log_writing.py")
OUTCOME = LoggedOutcome("d-0", "term_life", True, 510.0, NOW, NOW)


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def wait_until(true: Any, *, log: DecisionLog) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, log.trouble
        time.sleep(0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "decisions.sqlite"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


def writers(file: Path, names: Sequence[str], *, seconds: float) -> dict[str, list[str]]:
    """Let processes write at the same time, kill them; return what each acknowledged."""
    running = {
        name: subprocess.Popen(
            [sys.executable, str(WRITER), str(file), name], stdout=subprocess.PIPE, text=True
        )
        for name in names
    }
    timer = threading.Timer(seconds, lambda: [one.kill() for one in running.values()])
    found = {name: [one.stdout.readline()] for name, one in running.items() if one.stdout}
    timer.start()  # only now: all of them are writing
    for name, one in running.items():
        found[name] += (one.communicate()[0] or "").splitlines(keepends=True)
        assert one.returncode == -9
    return {k: [line.rstrip() for line in v if line.endswith("\n")] for k, v in found.items()}


def check_all_there_once(file: Path, acknowledged: Sequence[str]) -> None:
    assert rows(file, "PRAGMA integrity_check") == [("ok",)]
    decisions = [row[0] for row in rows(file, "SELECT decision_id FROM decisions")]
    outcomes = [row[0] for row in rows(file, "SELECT decision_id FROM outcomes")]
    assert len(decisions) == len(set(decisions))
    assert {one[2:] for one in acknowledged if one.startswith("d ")} <= set(decisions)
    assert {one[2:] for one in acknowledged if one.startswith("o ")} <= set(outcomes)


def test_what_was_acknowledged_outlives_kills_at_random_instants(file: Path) -> None:
    draw = random.Random(20)
    acknowledged: list[str] = []
    for number in range(8):
        found = writers(file, [f"run{number}"], seconds=draw.uniform(0.0, 0.4))
        acknowledged += found[f"run{number}"]
        check_all_there_once(file, acknowledged)
    assert len(acknowledged) > 8
    assert rows(file, "SELECT count(*) FROM gaps") == [(7,)], "one for each that was found killed"
    log = DecisionLog(file)
    log.start()
    asyncio.run(log.add_durably(a_decision("after"), limit_seconds=30.0))
    log.close()
    gaps = rows(file, "SELECT began_at, ended_at, why FROM gaps")
    assert len(gaps) == 8
    assert all(began == instant_text(NOW) < ended for began, ended, _ in gaps)
    assert all("was killed" in why for *_, why in gaps)


def test_a_log_that_is_closed_leaves_no_gap(file: Path) -> None:
    for number in range(3):
        log = DecisionLog(file)
        log.add(a_decision(f"d-{number}"))
        log.start()
        log.close()
    assert rows(file, "SELECT * FROM gaps") == []
    assert rows(file, "SELECT * FROM writers") == []


def test_several_processes_write_one_log_and_are_killed_together(file: Path) -> None:
    found = writers(file, ["a", "b", "c"], seconds=1.5)
    check_all_there_once(file, [one for lines in found.values() for one in lines])
    assert all(len(lines) > 5 for lines in found.values()), "each has had its turn"


def test_on_a_full_disk_decisions_wait_and_are_written_once_there_is_room(
    disk: Path,
) -> None:
    file = disk / "log" / "decisions.sqlite"
    log = DecisionLog(file)
    log.start()

    async def test() -> None:
        assert await log.add_durably(a_decision("d-0"), limit_seconds=30.0)
        filler = fill(disk)
        assert all(log.add(a_decision(f"d-{number}")) for number in range(1, 400))
        wait_until(lambda: log.trouble is not None, log=log)
        assert log.trouble is not None and "full" in log.trouble
        assert not await log.add_durably(a_decision("d-400"))
        with pytest.raises(LogUnavailableError):
            await log.store(OUTCOME)
        wait_until(lambda: log.waiting == 400, log=log)
        assert log.dropped == 0
        filler.unlink()
        wait_until(lambda: log.waiting == 0, log=log)
        assert log.trouble is None
        assert await log.store(OUTCOME) is Stored.NEW

    asyncio.run(test())
    log.close()
    assert rows(file, "SELECT count(*), count(DISTINCT decision_id) FROM decisions") == [(401, 401)]
    assert rows(file, "SELECT * FROM gaps") == []


def test_what_does_not_fit_while_the_disk_is_full_is_told_in_the_log(disk: Path) -> None:
    file = disk / "log" / "decisions.sqlite"
    log = DecisionLog(file, length=50)
    log.start()
    assert log.add(a_decision("first"))
    wait_until(lambda: log.written == 1, log=log)
    filler = fill(disk)
    taken = [
        log.add(a_decision(f"d-{second}", at=NOW + timedelta(seconds=second)))
        for second in range(5_000)
    ]
    assert not all(taken)
    wait_until(lambda: log.trouble is not None and "full" in log.trouble, log=log)
    filler.unlink()
    wait_until(lambda: log.waiting == 0, log=log)
    assert log.add(a_decision("last"))
    log.close()
    ((began, ended, missing, why),) = rows(file, "SELECT * FROM gaps")
    assert missing == taken.count(False) == log.dropped
    assert began < ended and "queue was full" in why
    assert rows(file, "SELECT count(*) FROM decisions") == [(taken.count(True) + 2,)]


def test_a_server_that_ends_on_a_full_disk_leaves_a_gap_for_the_next(disk: Path) -> None:
    file = disk / "decisions.sqlite"
    log = DecisionLog(file)
    log.start()
    assert log.add(a_decision("first"))
    wait_until(lambda: log.written == 1, log=log)
    filler = fill(disk)
    for number in range(400):
        log.add(a_decision(f"d-{number}"))
    log.close()
    assert log.dropped == 400
    filler.unlink()
    log = DecisionLog(file)
    log.add(a_decision("last"))
    log.start()
    log.close()
    assert rows(file, "SELECT decision_id FROM decisions") == [("first",), ("last",)]
    ((began, why),) = rows(file, "SELECT began_at, why FROM gaps")
    assert began == instant_text(NOW) and "ended while it could not write" in why


class SlowDisk(LogFile):
    """A file on a disk that takes its time for each commit."""

    def __init__(self, file: Path, *, seconds: float) -> None:
        super().__init__(file)
        self._seconds = seconds

    def write(self, group: Group) -> list[Answer]:
        """Write the group, late."""
        time.sleep(self._seconds)
        return super().write(group)


def test_nobody_waits_for_a_slow_disk(file: Path) -> None:
    log = DecisionLog(SlowDisk(file, seconds=0.5))
    log.start()

    async def test() -> None:
        assert not await log.add_durably(a_decision("late"))
        assert log.written == 0, "it was not waited for"
        assert all(log.add(a_decision(f"d-{number}")) for number in range(2_000))
        assert log.written == 0, "nor by these"
        assert await log.add_durably(a_decision("patient"), limit_seconds=60.0)

    asyncio.run(test())
    log.close()
    assert rows(file, "SELECT count(*), count(DISTINCT decision_id) FROM decisions") == [
        (2_002, 2_002)
    ]


def _empty(file: Path) -> None:
    os.truncate(file, 0)


def _delete(file: Path) -> None:
    for part in file.parent.glob(f"{file.name}*"):
        part.unlink()


def _delete_journal(file: Path) -> None:
    file.with_name(file.name + "-wal").unlink()


def _replace(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(b"no database" * 1_000)
    other.replace(file)


@pytest.mark.parametrize("harm", [_empty, _delete, _delete_journal, _replace])
def test_after_harm_to_the_file_what_is_acknowledged_is_found_in_the_new_one(
    file: Path, harm: Any
) -> None:
    log = DecisionLog(file)
    log.start()

    async def test() -> None:
        assert await log.add_durably(a_decision("before"), limit_seconds=30.0)
        harm(file)
        for number in range(20):
            assert await log.add_durably(a_decision(f"d-{number}"), limit_seconds=30.0)
        assert log.trouble is None

    asyncio.run(test())
    log.close()
    ids = {row[0] for row in rows(file, "SELECT decision_id FROM decisions")}
    assert {f"d-{number}" for number in range(20)} <= ids
    gaps = rows(file, "SELECT decisions, why FROM gaps")
    assert gaps and all(count == 0 for count, _ in gaps)
    assert all("new one was begun" in why for _, why in gaps)


def test_damage_in_the_midst_of_a_file_puts_it_aside(file: Path) -> None:
    log = DecisionLog(file)
    for number in range(2_000):
        log.add(a_decision(f"d-{number}"))
    log.start()
    log.close()
    size = file.stat().st_size
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * (size - 4096))
    log = DecisionLog(file)
    log.start()

    async def test() -> None:
        assert await log.add_durably(a_decision("after"), limit_seconds=30.0)

    asyncio.run(test())
    log.close()
    assert rows(file, "SELECT decision_id FROM decisions") == [("after",)]
    assert file.with_name("decisions.damaged-1.sqlite").stat().st_size == size
    assert "put aside as decisions.damaged-1.sqlite" in rows(file, "SELECT why FROM gaps")[0][0]


def test_a_clock_that_jumps_loses_and_doubles_nothing(file: Path) -> None:
    log = DecisionLog(file)
    log.start()
    hours = [0, 5, -48, -48, 0, 24 * 400, 1]
    for number, hour in enumerate(hours):
        log.add(a_decision(f"d-{number}", at=NOW + timedelta(hours=hour)))
    log.close()
    found = rows(file, "SELECT decision_id FROM decisions ORDER BY rowid")
    assert found == [(f"d-{number}",) for number in range(len(hours))]
    assert rows(file, "SELECT count(DISTINCT decided_at) FROM decisions") == [(5,)]
