"""The search that proves an erasure: every file, for every text that names the person."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from pipelines.erasing.array_files import arrays_name
from pipelines.erasing.csv_files import csv_rows
from pipelines.erasing.decision_log import decisions_of
from pipelines.erasing.parquet_files import rows_of
from pipelines.erasing.person import Person
from pipelines.erasing.places import FileKind, files_of, kind_of
from pipelines.erasing.raw_bytes import lies_in
from pipelines.erasing.sqlite_files import rows_naming
from pipelines.erasing.strategy_sets import strategies_of


def traces_of(home: Path, person: Person) -> list[Path]:
    """Return the files in which something of the person lies, in the order of their names."""
    return [path for path in files_of(home) if _holds(path, person)]


def stands_as_customer(home: Path, person: Person, *, logs: list[Path]) -> bool:
    """Return whether a row, a strategy or a decision has the person's id as its customer's."""
    if any(_in_rows(path, person) for path in files_of(home)):
        return True
    for path in (home / "strategies").glob("strategies-*.sqlite"):
        with suppress(sqlite3.DatabaseError):  # damaged: nobody is found in it
            if any(True for _ in strategies_of(path, person)):
                return True
    for path in logs:
        with suppress(sqlite3.DatabaseError):
            if any(one.customer_id == person.customer_id for one in decisions_of(path, person)):
                return True
    return False


def _in_rows(path: Path, person: Person) -> bool:
    kind = kind_of(path)
    if kind not in (FileKind.PARQUET, FileKind.CSV):
        return False
    rows = rows_of(path, person) if kind is FileKind.PARQUET else csv_rows(path, person)
    return any(str(row.get("customer_id", "")).strip() == person.customer_id for row in rows)


def _holds(path: Path, person: Person) -> bool:
    kind = kind_of(path)
    if kind is FileKind.PARQUET:
        return any(True for _ in rows_of(path, person))
    if kind is FileKind.SQLITE:
        return _in_sqlite(path, person)
    if kind is FileKind.CSV:
        return any(True for _ in csv_rows(path, person))
    if kind is FileKind.ARRAYS:
        return arrays_name(path, person)
    if kind is FileKind.OTHER:
        return lies_in(path, person.finder)
    return bool(person.finder.spans(path.read_bytes()))


def _in_sqlite(path: Path, person: Person) -> bool:
    """Look at the rows, then at the bytes: what was deleted may lie in pages that are free."""
    beside = [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")]
    try:
        if rows_naming(path, person):
            return True
    except sqlite3.DatabaseError:  # damaged: its bytes are looked at
        pass
    return any(one.exists() and lies_in(one, person.finder) for one in beside)
