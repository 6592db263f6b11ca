"""What a workspace holds of one person, store by store, as rows that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipelines.erasing.csv_files import csv_rows
from pipelines.erasing.decision_log import decisions_of, is_log, outcomes_of
from pipelines.erasing.parquet_files import rows_of
from pipelines.erasing.person import Person
from pipelines.erasing.places import FileKind, files_of, kind_of
from pipelines.erasing.search import traces_of
from pipelines.erasing.sqlite_files import rows_naming
from pipelines.erasing.strategy_sets import strategies_of
from routing.strategy import Strategy
from routing.strategy_file import header_of
from routing.strategy_pointer import file_of, labels
from routing.vectors import unpacked

Row = dict[str, Any]


def held_of(home: Path, person: Person) -> Iterator[tuple[str, list[Row]]]:
    """Yield each store's name and the person's rows in it; stores that hold nothing are left out.

    Names are paths below the home folder without their ending. `elsewhere` lists files that name
    the person in their text: they are told of, not handed out, since others stand there too.
    """
    told: set[Path] = set()
    for path in files_of(home):
        name, rows = _rows(path, home, person)
        if rows:
            told.add(path)
            yield name, rows
    elsewhere = [one for one in traces_of(home, person) if one not in told]
    if elsewhere:
        yield "elsewhere", [{"file": str(one.relative_to(home))} for one in elsewhere]


def _rows(path: Path, home: Path, person: Person) -> tuple[str, list[Row]]:
    name = str(path.relative_to(home).with_suffix(""))
    kind = kind_of(path)
    if kind is FileKind.PARQUET:
        return name, [_plain(row) for row in rows_of(path, person)]
    if kind is FileKind.CSV:
        return name, list(csv_rows(path, person))
    if kind is not FileKind.SQLITE:
        return name, []
    if path.parent == home / "strategies":
        return name, list(_strategies(path, person))
    if is_log(path):
        return name, list(_decisions(path, person))
    return name, [_plain(row) for row in rows_naming(path, person)]


def _strategies(path: Path, person: Person) -> Iterator[Row]:
    """Yield the person's strategies in one set, with what was known of them by its name."""
    kept = {file_of(label) for label in labels(path.parent)}
    if path.name not in kept:
        return
    header = header_of(path)
    for held in strategies_of(path, person):
        known = unpacked(held.vector) if held.vector else ()
        yield {
            "strategy_set": header.label,
            "strategy": _shown(held.strategy),
            "known": dict(zip(header.features, known, strict=bool(known))),
        }


def _shown(strategy: Strategy) -> Row:
    """Return a strategy with the names of its fields, nested ones too."""
    return {name: _named(getattr(strategy, name)) for name in strategy.__struct_fields__}


def _named(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _named(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, tuple | list):
        return [_named(one) for one in value]
    return value


def _decisions(path: Path, person: Person) -> Iterator[Row]:
    """Yield the person's decisions, each with its outcomes."""
    for entry in decisions_of(path, person):
        row = msgspec.to_builtins(entry)
        row["outcomes"] = list(outcomes_of(path, [entry.decision_id]))
        yield row


def _plain(row: Row) -> Row:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value
