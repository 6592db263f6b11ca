"""The search that proves an erasure: every file, for every text that names the person."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pipelines.erasing.array_files import arrays_name
from pipelines.erasing.csv_files import csv_rows
from pipelines.erasing.parquet_files import rows_of
from pipelines.erasing.person import Person
from pipelines.erasing.places import FileKind, files_of, kind_of
from pipelines.erasing.raw_bytes import lies_in
from pipelines.erasing.sqlite_files import rows_naming


def traces_of(home: Path, person: Person) -> list[Path]:
    """Return the files in which something of the person lies, in the order of their names."""
    return [path for path in files_of(home) if _holds(path, person)]


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
