"""The SQLite file of the decision log (WAL): its tables, and a group of entries in one commit."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path

from msgspec.structs import astuple

from serving.clock import system_clock
from serving.log_entry import Gap, LoggedDecision, LoggedOutcome, Stored
from serving.log_outcomes import already_stored, outcome_row, unknown
from serving.log_presence import Presence
from serving.log_schema import ADDED_COLUMNS, DECISION_COLUMNS, SCHEMA
from serving.log_store import Answer, Fault, Group

_BUSY_SECONDS = 5.0
_LEAST_BYTES = 512  # of a file that SQLite has begun: one page
_CHECKPOINT_PAGES = 4_000  # 16 MB: fewer syncs of the whole file under load
# One statement is one step into SQLite, for which Python's lock is given away once, whatever the
# number of its rows; more rows than this in one statement gain nothing.
_MOST_ROWS = 256

_ADD_OUTCOME = "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)"
_ADD_IN_FORCE = "INSERT OR IGNORE INTO in_force VALUES (?, ?)"
_ADD_GAP = "INSERT INTO gaps VALUES (?, ?, ?, ?)"
_ROW = f"({', '.join('?' * len(DECISION_COLUMNS))})"
_ADD_DECISIONS = {
    rows: f"INSERT INTO decisions ({', '.join(DECISION_COLUMNS)})"
    f" VALUES {', '.join([_ROW] * rows)} ON CONFLICT DO NOTHING"
    for rows in (2**power for power in range(_MOST_ROWS.bit_length()))
}
_ENTRY_ERRORS = (
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class TakenAwayError(OSError):
    """The file was moved or deleted while it was written: nobody finds what went there."""


class CutOffError(OSError):
    """The file was emptied while it was written."""


class LogFile:
    """A log in one SQLite file, that several processes may write at the same time."""

    def __init__(self, file: Path) -> None:
        self._file, self._journal_file = file, _beside(file, "-wal")
        self._presence = Presence(file)
        self._connection: sqlite3.Connection | None = None
        # Which files these were, by their numbers on the disk: the log, and its journal (WAL).
        self._opened: int | None = None
        self._journal: int | None = None

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return f"The log {self._file}"

    def write(self, group: Group) -> list[Answer]:
        """Write a group in one commit; when this returns it is on disk, under the file's name."""
        connection = self._connection or self._open()
        with turn(self._file):
            connection.execute("BEGIN IMMEDIATE")
            add_in_force(connection, group.in_force)
            add_gaps(connection, group.gaps)
            add_decisions(connection, group.decisions)
            if group.decisions:
                self._presence.seen(connection, decided_at=group.decisions[-1].decided_at)
            answers = [add_outcome(connection, outcome) for outcome in group.outcomes]
            connection.execute("COMMIT")
        self._look_at_names()
        return answers

    def _open(self) -> sqlite3.Connection:
        self._opened, self._journal = _number_of(self._file), None  # known, should opening fail
        connection = self._connection = open_log(self._file)
        self._opened = _number_of(self._file)
        with turn(self._file), connection:
            connection.execute("BEGIN IMMEDIATE")
            add_gaps(connection, self._presence.enter(connection, now=system_clock()))
        return connection

    def _look_at_names(self) -> None:
        """Raise TakenAwayError or CutOffError where nobody would find what was committed."""
        file, journal = _found(self._file), _number_of(self._journal_file)
        taken_away = file is None or file.st_ino != self._opened
        if taken_away or (self._journal is not None and journal != self._journal):
            raise TakenAwayError("it was taken away, and a new one is begun")
        self._journal = journal
        if file is not None and file.st_size < _LEAST_BYTES:
            raise CutOffError("it was emptied")

    def fault(self, error: Exception) -> Fault:
        """Return what an error that `write` raised says."""
        if isinstance(error, TakenAwayError | CutOffError):
            return Fault.DAMAGED
        if isinstance(error, _ENTRY_ERRORS) or not isinstance(error, sqlite3.Error | OSError):
            return Fault.ENTRY
        damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
        return Fault.DAMAGED if damaged else Fault.PLACE

    def begin_anew(self) -> str:
        """Put the damaged file aside under another name, and return in words what became of it."""
        self.close()
        with turn(self._file):
            if self._opened is None or _number_of(self._file) != self._opened:
                return "The log file was taken away; a new one was begun."
            aside = _free_name(self._file)
            for ending in ("-wal", "-shm", ""):  # the file last: it is found until all are moved
                part = _beside(self._file, ending)
                if part.exists():
                    part.rename(_beside(aside, ending))
        return f"The log file was damaged; it was put aside as {aside.name}, a new one was begun."

    def close(self) -> None:
        """Let go of the file; the next group opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def end(self, *, all_written: bool) -> None:
        """Let go of the file for good; unless all was written, who comes next finds that out."""
        try:
            if self._connection is not None and all_written:
                with turn(self._file):
                    self._presence.leave(self._connection)
        finally:
            self.close()
            self._presence.let_go()


def open_log(file: Path) -> sqlite3.Connection:
    """Return a connection to the log, made if it is not there, in WAL mode.

    An older file gets the columns that it lacks.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # a commit outlives a loss of power
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        _add_columns(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _add_columns(connection: sqlite3.Connection) -> None:
    has = {row[1] for row in connection.execute("PRAGMA table_info(decisions)")}
    for column in ADDED_COLUMNS:
        if column not in has:
            connection.execute(f"ALTER TABLE decisions ADD COLUMN {column} TEXT")


def add_decisions(connection: sqlite3.Connection, decisions: Sequence[LoggedDecision]) -> None:
    """Add decisions, many with each statement; one that is there already stays as it is."""
    at = 0
    while at < len(decisions):
        rows = min(_MOST_ROWS, 1 << (len(decisions) - at).bit_length() - 1)
        part = decisions[at : at + rows]
        connection.execute(_ADD_DECISIONS[rows], list(chain.from_iterable(map(astuple, part))))
        at += rows


def add_in_force(connection: sqlite3.Connection, records: Mapping[str, bytes]) -> None:
    """Add the records of what was in force, by their ids, each once."""
    for in_force_id, body in records.items():
        connection.execute(_ADD_IN_FORCE, (in_force_id, body.decode("utf-8")))


def add_gaps(connection: sqlite3.Connection, gaps: Sequence[Gap]) -> None:
    """Add where decisions are missing."""
    for gap in gaps:
        connection.execute(_ADD_GAP, (gap.began_at, gap.ended_at, gap.decisions, gap.why))


def add_outcome(connection: sqlite3.Connection, outcome: LoggedOutcome) -> Answer:
    """Add an outcome; return what became of it, or the error to give to who sent it."""
    pair = (outcome.decision_id, outcome.offer_id)
    if not connection.execute("SELECT 1 FROM decisions WHERE decision_id = ?", pair[:1]).fetchone():
        return unknown(outcome)
    row = outcome_row(outcome)
    found = connection.execute(
        "SELECT * FROM outcomes WHERE decision_id = ? AND offer_id = ?", pair
    ).fetchone()
    if found is None:
        connection.execute(_ADD_OUTCOME, row)
        return Stored.NEW
    return already_stored(tuple(found), row)


@contextmanager
def turn(file: Path) -> Iterator[None]:
    """Hold this process's turn at the file: first come first served, without sleeps."""
    descriptor = os.open(_beside(file, ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _beside(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)


def _found(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None


def _number_of(file: Path) -> int | None:
    found = _found(file)
    return found.st_ino if found is not None else None


def _free_name(file: Path) -> Path:
    names = (file.with_name(f"{file.stem}.damaged-{at}{file.suffix}") for at in count(1))
    return next(name for name in names if not name.exists())
