"""What the decision log costs the thread that answers, and how far it is behind.

`python -m benchmarks.decision_log [--seconds 5] [--filled ROWS] [--folder FOLDER]` compares ways to
write the same rows, each behind the same queue and thread: many rows with one statement (ours), a
statement per row, rows unpacked from JSON inside SQLite, and a plain journal (one write and one
fdatasync a group), which is the least that a disk can be asked for. A thread answers meanwhile: for
each decision it reads a request from a socket, works for `--work` microseconds and sends the
answer. Printed for each way: rows a second and bytes a row where nothing else runs; and at each
rate the microseconds that an answer takes longer with the log, the processor time of the writing
thread, and the delay from the answer to the disk.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import msgspec
import numpy as np

from serving import examples
from serving.log import DecisionLog
from serving.log_entry import LoggedDecision, instant_text
from serving.log_file import LogFile, add_decisions, open_log
from serving.log_schema import DECISION_COLUMNS
from serving.log_store import Answer, Fault, Group, LogStore

_REQUEST = b'{"contact_id":"c-81","channel":"voice","from":"+15550100","to":"+15550199"}'
_ANSWER = msgspec.json.encode(examples.DECISION).decode()
_COLUMNS = ", ".join(DECISION_COLUMNS)
_PLACES = ", ".join("?" * len(DECISION_COLUMNS))
_UNPACKED = ", ".join(f"value->>{at}" for at in range(len(DECISION_COLUMNS)))
RATES = (1_000, 10_000)
_WINDOWS = 6
_SUSTAINED_ROWS = 20_000


def row_by_row(connection: sqlite3.Connection, decisions: Sequence[LoggedDecision]) -> None:
    """Add the rows with a statement each, as most programs do it."""
    sql = f"INSERT OR IGNORE INTO decisions ({_COLUMNS}) VALUES ({_PLACES})"
    for one in decisions:
        connection.execute(sql, msgspec.structs.astuple(one))


def unpacked(connection: sqlite3.Connection, decisions: Sequence[LoggedDecision]) -> None:
    """Add the rows with one statement out of one JSON text."""
    text = msgspec.json.encode([msgspec.structs.astuple(one) for one in decisions]).decode()
    sql = f"INSERT OR IGNORE INTO decisions ({_COLUMNS}) SELECT {_UNPACKED} FROM json_each(?)"
    connection.execute(sql, (text,))


class OtherWay:
    """The same file, written in another way."""

    def __init__(
        self, file: Path, add: Callable[[sqlite3.Connection, Sequence[LoggedDecision]], None]
    ) -> None:
        self._connection = open_log(file)
        self._add = add
        self.name = "The file"

    def write(self, group: Group) -> list[Answer]:
        """Write the group in one commit."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._add(self._connection, group.decisions)
        self._connection.execute("COMMIT")
        return []

    def fault(self, error: Exception) -> Fault:
        """Not part of what is compared."""
        raise error

    def begin_anew(self) -> str:
        """Not part of what is compared."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def end(self, *, all_written: bool) -> None:
        """Close the file."""
        self._connection.close()


class Journal:
    """One write and one fdatasync a group; nobody can ask it anything."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.name = "The journal"

    def write(self, group: Group) -> list[Answer]:
        """Append the group."""
        os.write(self._descriptor, msgspec.msgpack.encode(group.decisions))
        os.fdatasync(self._descriptor)
        return []

    def fault(self, error: Exception) -> Fault:
        """Not part of what is compared."""
        raise error

    def begin_anew(self) -> str:
        """Not part of what is compared."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave the file to the end of the process."""

    def end(self, *, all_written: bool) -> None:
        """Leave the file to the end of the process."""


WAYS: dict[str, Callable[[Path], LogStore]] = {
    "many rows with one statement": LogFile,
    "a statement per row": lambda file: OtherWay(file, row_by_row),
    "unpacked from JSON": lambda file: OtherWay(file, unpacked),
    "journal alone": Journal,
}


@dataclass(slots=True)
class Watched:
    """A store that notes when each decision was on disk; `microseconds` holds when it was added."""

    store: LogStore
    delays: list[float] = field(default_factory=list)
    seconds: float = 0.0  # of processor in the writing thread

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return self.store.name

    def write(self, group: Group) -> list[Answer]:
        """Write the group, then look at the clock."""
        begun = time.thread_time()
        answers = self.store.write(group)
        now = time.perf_counter_ns()
        self.seconds += time.thread_time() - begun
        self.delays += [(now - one.microseconds) / 1e6 for one in group.decisions]
        return answers

    def fault(self, error: Exception) -> Fault:
        """Return what the error says."""
        return self.store.fault(error)

    def begin_anew(self) -> str:
        """Put aside what is damaged."""
        return self.store.begin_anew()

    def close(self) -> None:
        """Let go of it."""
        self.store.close()

    def end(self, *, all_written: bool) -> None:
        """Let go of it for good."""
        self.store.end(all_written=all_written)


def a_decision(number: int, *, ordered: bool) -> LoggedDecision:
    """Return a decision as the route makes it; its id random, or beginning with the time."""
    now = time.time_ns()
    prefix = f"{now // 1_000_000:012x}" if ordered else secrets.token_hex(6)
    return LoggedDecision(
        f"{prefix}{secrets.token_hex(10)}", f"c-{number}", "main", "main-000081", "phone",
        instant_text(datetime.now(UTC)), "strategy", None, "first", "sales_first", "term_life",
        "on", 0.95, "2026-11-22.3", "17", "pbx", time.perf_counter_ns(), _REQUEST.decode(),
        _ANSWER, "0f1e2d3c4b5a6978",
    )  # fmt: skip


def answer(
    seconds: float, *, rate: int | None, work: float, log: DecisionLog | None, ordered: bool
) -> tuple[int, float]:
    """Answer for so long, at the rate or as fast as it goes; return how many, and busy seconds."""
    asking, asked = socket.socketpair()
    begun, busy, count = time.perf_counter(), 0.0, 0
    with asking, asked:
        while (at := time.perf_counter()) - begun < seconds:
            if rate is not None and count >= (at - begun) * rate:
                time.sleep(0.0002)
                continue
            asking.send(_REQUEST)
            asked.recv(4096)
            _work(work)
            decision = a_decision(count, ordered=ordered)
            if log is not None:
                log.add(decision)
            asked.send(b"HTTP/1.1 200 OK\r\n\r\n")
            asking.recv(4096)
            count += 1
            busy += time.perf_counter() - at
    return count, busy


def _work(microseconds: float) -> None:
    """Run Python for so long, with its lock held, as an answer does."""
    until = time.perf_counter_ns() + 1000 * microseconds
    while time.perf_counter_ns() < until:
        pass


def measure(
    make: Callable[[Path], LogStore], file: Path, options: argparse.Namespace
) -> Iterator[str]:
    """Yield the line of each rate; windows with and without the log take turns."""
    for rate in (*RATES, None):
        watched = Watched(make(file))
        log = DecisionLog(watched)
        log.start()
        took: dict[bool, list[float]] = {True: [], False: []}
        answered = 0
        for turn in range(2 * _WINDOWS):
            logs = turn % 2 == 1
            count, busy = answer(
                options.seconds / _WINDOWS,
                rate=rate,
                work=options.work,
                log=log if logs else None,
                ordered=options.ordered,
            )
            took[logs].append(busy / count * 1e6)
            answered += count * logs
        log.close()
        delays = np.percentile(watched.delays, (50, 99, 100))
        without, more = median(took[False]), median(took[True]) - median(took[False])
        lost = f", {log.dropped} dropped" if log.dropped else ""
        yield (
            f"{answered / options.seconds:8,.0f}/s  {more:+6.1f} us to {without:5.1f} of an answer"
            f"  writer {watched.seconds / answered * 1e6:5.1f} us of processor a row"
            f"  behind p50 {delays[0]:5.1f} p99 {delays[1]:6.1f} max {delays[2]:6.1f} ms{lost}"
        )


def sustained(make: Callable[[Path], LogStore], file: Path, *, rows: int) -> tuple[float, float]:
    """Return rows a second from a queue that is never empty, and bytes a row on disk."""
    log = DecisionLog(make(file), length=rows)
    for number in range(rows):
        log.add(a_decision(number, ordered=False))
    begun = time.perf_counter()
    log.start()
    log.close()
    return log.written / (time.perf_counter() - begun), file.stat().st_size / log.written


def hot_add(file: Path) -> float:
    """Return the microseconds of making an entry and adding it, where nothing else runs."""
    log, count = DecisionLog(file, length=1_000_000), 200_000
    begun = time.perf_counter()
    for number in range(count):
        log.add(_fixed(number))
    return (time.perf_counter() - begun) / count * 1e6


def _fixed(number: int) -> LoggedDecision:
    return LoggedDecision(
        "8f1c6f2f0a3b4d5e9c7a1b2c3d4e5f60", "c-81", "main", "main-000081", "phone",
        "2026-11-22T14:30:00.000000+00:00", "strategy", None, "first", "sales_first",
        "term_life", "on", 0.95, "2026-11-22.3", "17", "pbx", number, "{}", "{}", "0f1e",
    )  # fmt: skip


def fill(file: Path, *, rows: int, ordered: bool) -> None:
    """Write so many rows beforehand: an index that is large costs more."""
    with closing(open_log(file)) as connection:
        for at in range(0, rows, 50_000):
            connection.execute("BEGIN")
            many = [a_decision(at + n, ordered=ordered) for n in range(min(50_000, rows - at))]
            add_decisions(connection, many)
            connection.execute("COMMIT")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--work", type=float, default=60.0, help="microseconds of Python an answer")
    parser.add_argument("--filled", type=int, default=0, help="rows in the file beforehand")
    parser.add_argument("--ordered", action="store_true", help="ids begin with the time")
    parser.add_argument("--folder", type=Path, default=None, help="where to write")
    parser.add_argument("--way", choices=WAYS, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(f"making and adding an entry: {hot_add(Path(folder) / 'unused'):.2f} us")
        for number, (name, make) in enumerate(WAYS.items()):
            if options.way in (None, name):
                file = Path(folder) / f"{number}.sqlite"
                alone = Path(folder) / f"{number}-alone.sqlite"
                if make is not Journal:
                    fill(file, rows=options.filled, ordered=options.ordered)
                rate, size = sustained(make, alone, rows=_SUSTAINED_ROWS)
                print(f"{name}: {rate:,.0f} rows a second where nothing else runs, {size:,.0f} B")
                for line in measure(make, file, options):
                    print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
