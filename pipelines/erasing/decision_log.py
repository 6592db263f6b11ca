"""The decision log without a person: who it was is emptied, what was decided stays to be counted.

A row keeps its decision_id, times, source, group, queue, offer, arm, chance and versions. Its
customer, contact_id, request and answer give way to a tombstone, and outcomes hold no person.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipelines.erasing.errors import LogInUseError
from pipelines.erasing.person import Person
from pipelines.erasing.raw_bytes import lies_in
from serving.log_entry import LoggedDecision
from serving.log_file import turn

TOMBSTONE = '{"erased":true}'
_PATIENCE_SECONDS = 30.0
_TEXTS = ("contact_id", "why", "request", "answer")
_EMPTY = (
    "UPDATE decisions SET customer_id = nullif(customer_id, :customer),"
    " contact_id = 'erased-' || decision_id, why = unnamed(why),"
    " request = :tombstone, answer = :tombstone WHERE decision_id = :decision_id"
)


def erase_log(file: Path, person: Person) -> int:
    """Empty every row about the person, in one commit; returns how many.

    The server may go on writing: it waits for its turn as it does for another worker. Nothing of
    the old text is left in the file's free pages, nor in its journal. Raises LogInUseError.
    """
    with closing(_opened(file, person)) as connection:
        last = _last_row(connection)
        before = _about(connection, person, after=0)
        with turn(file):
            connection.execute("BEGIN IMMEDIATE")
            decision_ids = {*before, *_about(connection, person, after=last)}
            for one in decision_ids:
                values = {"customer": person.customer_id, "tombstone": TOMBSTONE}
                connection.execute(_EMPTY, {**values, "decision_id": one})
            connection.execute("COMMIT")
            empty_journal(connection, file)
            if lies_in(file, person.finder):  # in what SQLite left behind when pages were split
                connection.execute("VACUUM")
                empty_journal(connection, file)
    return len(decision_ids)


def decisions_of(file: Path, person: Person) -> Iterator[LoggedDecision]:
    """Yield the decisions about the person that a log holds."""
    with closing(_opened(file, person)) as connection:
        has = {row[1] for row in connection.execute("PRAGMA table_info(decisions)")}
        names = LoggedDecision.__struct_fields__
        columns = ", ".join(one if one in has else f"NULL AS {one}" for one in names)
        for one in _about(connection, person, after=0):
            sql = f"SELECT {columns} FROM decisions WHERE decision_id = ?"
            found = connection.execute(sql, (one,))
            yield from (LoggedDecision(*values) for values in found.fetchall())


def outcomes_of(file: Path, decision_ids: list[str]) -> Iterator[dict[str, object]]:
    """Yield the outcomes of these decisions."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        for one in decision_ids:
            sql = "SELECT * FROM outcomes WHERE decision_id = ?"
            yield from (dict(row) for row in connection.execute(sql, (one,)).fetchall())


def is_log(file: Path) -> bool:
    """Return whether the SQLite file is a decision log."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as found:
            return bool(found.execute("PRAGMA table_info(decisions)").fetchall())
    except sqlite3.DatabaseError:
        return False


def empty_journal(connection: sqlite3.Connection, file: Path) -> None:
    """Bring the journal (WAL) into the file and cut it to nothing; LogInUseError if it is read."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if not busy:
            return
        if time.monotonic() > until:
            raise LogInUseError(
                f"Somebody reads {file} and keeps its journal, which still holds the old rows.",
                fix="End whoever reads it (a replay, an open SQLite shell), then run this again.",
            )
        time.sleep(0.1)


def _opened(file: Path, person: Person) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)
    connection.execute("PRAGMA secure_delete=ON")
    finder = person.finder
    connection.create_function(
        "names", 1, lambda text: text is not None and finder.in_text(str(text)), deterministic=True
    )
    connection.create_function(
        "unnamed", 1, lambda text: text and finder.without(str(text), put="erased")
    )
    return connection


def _about(connection: sqlite3.Connection, person: Person, *, after: int) -> list[str]:
    """Return the ids of the decisions about the person in the rows after that one."""
    named = " OR ".join(f"names({column})" for column in _TEXTS)
    later = "rowid > :after" if _has_row_numbers(connection) else "true"
    sql = f"SELECT decision_id FROM decisions WHERE {later} AND (customer_id = :id OR {named})"
    values = {"after": after, "id": person.customer_id}
    return [str(row[0]) for row in connection.execute(sql, values).fetchall()]


def _last_row(connection: sqlite3.Connection) -> int:
    if not _has_row_numbers(connection):
        return 0
    ((last,),) = connection.execute("SELECT coalesce(max(rowid), 0) FROM decisions").fetchall()
    return int(last)


def _has_row_numbers(connection: sqlite3.Connection) -> bool:
    """Return whether the rows are numbered; logs of earlier versions are not."""
    sql = "SELECT instr(upper(sql), 'WITHOUT ROWID') FROM sqlite_master WHERE name = 'decisions'"
    return not connection.execute(sql).fetchone()[0]
