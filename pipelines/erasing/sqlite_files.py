"""Any other SQLite file without a person: MLflow's, Feast's, and what routers were answered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pipelines.erasing.decision_log import empty_journal
from pipelines.erasing.person import Person
from pipelines.erasing.raw_bytes import lies_in

MAGIC = b"SQLite format 3\x00"
_PATIENCE_SECONDS = 30.0
# Tables whose row is about one customer: it goes whole. By the column that tells.
_WHOLE_ROWS = ("entity_key", "answer")


def erase_sqlite(file: Path, person: Person) -> int:
    """Take the person out of every table, in one commit; returns how many rows were touched.

    A row that is about one customer goes; in any other the texts that name the person are
    overwritten by as many x.
    """
    with closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)) as opened:
        opened.execute("PRAGMA secure_delete=ON")
        opened.create_function("named", 1, lambda value: _named(value, person))
        opened.create_function("crossed", 1, lambda value: crossed_out(value, person))
        opened.execute("BEGIN IMMEDIATE")
        touched = sum(_erase_table(opened, table) for table in _tables(opened))
        opened.execute("COMMIT")
        if touched:
            ((mode,),) = opened.execute("PRAGMA journal_mode").fetchall()
            if mode == "wal":
                empty_journal(opened, file)
            if lies_in(file, person.finder):
                opened.execute("VACUUM")
                if mode == "wal":
                    empty_journal(opened, file)
    return touched


def rows_naming(file: Path, person: Person) -> list[dict[str, object]]:
    """Return the rows that name the person, each with the name of its table."""
    uri = f"{file.resolve().as_uri()}?mode=ro"
    found: list[dict[str, object]] = []
    with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE_SECONDS)) as opened:
        opened.row_factory = sqlite3.Row
        for table in _tables(opened):
            for row in opened.execute(f'SELECT * FROM "{table}"'):
                if any(_named(value, person) for value in tuple(row)):
                    found.append({"table": table, **dict(row)})
    return found


def crossed_out(value: Any, person: Person) -> Any:
    """Return a text or bytes with every mark overwritten by as many x; anything else as it is."""
    if isinstance(value, str):
        return crossed_out(value.encode("utf-8", "surrogateescape"), person).decode(
            "utf-8", "surrogateescape"
        )
    if not isinstance(value, bytes):
        return value
    made = bytearray(value)
    for start, end in person.finder.spans(value):
        made[start:end] = b"x" * (end - start)
    return bytes(made)


def _named(value: Any, person: Person) -> bool:
    if isinstance(value, str):
        return person.finder.in_text(value)
    return isinstance(value, bytes) and person.finder.lies_in(value)


def _erase_table(opened: sqlite3.Connection, table: str) -> int:
    columns = [row[1] for row in opened.execute(f'PRAGMA table_info("{table}")').fetchall()]
    about = next((name for name in _WHOLE_ROWS if name in columns), None)
    if about is not None:
        gone = opened.execute(f'DELETE FROM "{table}" WHERE named("{about}")').rowcount
        return int(gone)
    touched = 0
    for column in columns:
        sql = f'UPDATE "{table}" SET "{column}" = crossed("{column}") WHERE named("{column}")'
        touched += opened.execute(sql).rowcount
    return touched


def _tables(opened: sqlite3.Connection) -> list[str]:
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [str(row[0]) for row in opened.execute(sql).fetchall()]
