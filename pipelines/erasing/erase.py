"""Erase one customer from a workspace: tombstone, stores, tables, then the search that proves it.

Each store is changed whole or not at all, and what is done stands in a journal: the same command
completes an erasure that was killed. The customers table goes last, since it says what to look for.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.check import check
from features.erased import Tombstones
from features.quarantine import read_report, was_checked
from models.tracking import artifacts_of, tracking_uri
from pipelines.erasing.array_files import erase_arrays
from pipelines.erasing.csv_files import erase_csv
from pipelines.erasing.decision_log import erase_log, is_log
from pipelines.erasing.errors import CustomerNotHeldError
from pipelines.erasing.journal import Journal
from pipelines.erasing.parquet_files import erase_parquet
from pipelines.erasing.person import Person, known_person
from pipelines.erasing.places import FileKind, files_of, kind_of
from pipelines.erasing.plain_files import erase_text
from pipelines.erasing.postgresql_log import erase_postgresql_log, is_postgresql
from pipelines.erasing.raw_bytes import erase_bytes
from pipelines.erasing.search import stands_as_customer, traces_of
from pipelines.erasing.sqlite_files import erase_sqlite
from pipelines.erasing.strategy_sets import erase_strategies
from pipelines.locking import held
from pipelines.workspace import Workspace

# The contacts' ids and the customer's own texts are needed until all else is done.
_RANK = {"contacts": 1, "outcomes": 1, "customers": 2}
_MENDED = frozenset(FileKind) - {FileKind.KEPT, FileKind.OTHER}
_ROUNDS = 2  # what a server wrote meanwhile goes in the second


@dataclass(frozen=True, slots=True)
class Erasure:
    """What came of it: what was taken out of each store, and the files that still hold something.

    `shared` are the kinds of texts that other customers bear too: they stay in the others' rows.
    `outside` are places that an erasure does not reach, in words.
    """

    taken: dict[str, int]
    left: tuple[Path, ...]
    shared: tuple[str, ...]
    outside: tuple[str, ...]


def erase(
    customer_id: str,
    *,
    home: Path,
    by: str,
    now: datetime,
    partner: str | None = None,
    log: str | None = None,
) -> Erasure:
    """Erase the customer from everything below `home`, its tables and its own MLflow among it.

    `log` is another place of the decision log, as the server's settings name it.

    Raises CustomerNotHeldError where nothing is held and nothing was erased before, HeldError,
    WriterBusyError or LogInUseError where others are at work.
    """
    home = home.resolve()
    space, tombstones = Workspace(home), Tombstones.of(home)
    tables = space.source(None).resolve()
    with held(home, who=f"erase, by {by}", now=now):
        person = known_person(customer_id, tables=tables, partner=partner)
        _demand_held(home, person, tombstones, logs=_logs(home, log))
        key = tombstones.add(customer_id, now=now, by=by).key
        inside = tables.is_relative_to(home)
        left: list[Path] = []
        for _ in range(_ROUNDS):
            journal = Journal(tombstones.folder, key=key)
            _take_out(journal, home, person, tables=tables if inside else None, log=log)
            _check_again(space, tables=tables)
            journal.finish()
            left = traces_of(home, person)
            if not any(kind_of(one) in _MENDED for one in left):
                break
    shared = tuple(dict.fromkeys(one.kind.value for one in person.shared))
    outside = _outside(home, tables=tables, inside=inside)
    return Erasure(journal.counts, tuple(left), shared, outside)


def _outside(home: Path, *, tables: Path, inside: bool) -> tuple[str, ...]:
    """Return in words what the erasure does not reach."""
    said = [] if inside else [f"the tables at {tables}: rows are dropped whenever they are read"]
    if artifacts_of(home) is None:
        said.append(f"MLflow at {tracking_uri(home)}: delete the evidence/judge files of its runs")
    return tuple(said)


def _take_out(
    journal: Journal, home: Path, person: Person, *, tables: Path | None, log: str | None
) -> None:
    """Take the person out of every store that is not done; `tables` are those in the workspace."""
    journal.step("strategies", lambda: erase_strategies(home / "strategies", person))
    journal.step("log", lambda: sum(erase_log(one, person) for one in _logs(home, log)))
    if log is not None and is_postgresql(log):
        journal.step("postgresql", lambda: erase_postgresql_log(log, person))
    journal.step("files", lambda: _erase_files(home, person, tables=tables))
    if tables is not None:
        journal.step("tables", lambda: _erase_tables(tables, person))


def _demand_held(home: Path, person: Person, tombstones: Tombstones, *, logs: list[Path]) -> None:
    """Raise CustomerNotHeldError unless somewhere a customer has this id.

    That the word stands in a file is not enough: a slip such as `erase features` would cross it
    out in every model.
    """
    if person.stands_in_tables or tombstones.among([person.customer_id]):
        return
    if stands_as_customer(home, person, logs=logs):
        return
    raise CustomerNotHeldError(
        f"Nothing is held of a customer '{person.customer_id}' in {home}.",
        fix="Compare the id with the customers table: capitals and zeros count.",
    )


def _logs(home: Path, log: str | None = None) -> list[Path]:
    """Return the logs in the home folder, and the one that lies elsewhere."""
    files = {file.resolve() for file in (home / "log").glob("*.sqlite")}
    if log is not None and not is_postgresql(log) and Path(log).exists():
        files.add(Path(log).resolve())
    return [file for file in sorted(files) if is_log(file)]


def _erase_files(home: Path, person: Person, *, tables: Path | None) -> int:
    """Erase from every file that is no strategy set, log or table; returns how much went."""
    done = {*(home / "strategies").glob("*.sqlite"), *_logs(home)}
    if tables is not None:
        done.update(files_of(tables))
    others = (path for path in files_of(home) if path not in done)
    return sum(_erase_file(path, person) for path in others)


def _erase_file(path: Path, person: Person) -> int:
    match kind_of(path):
        case FileKind.PARQUET:
            touched = erase_parquet(path, person)
            return touched.rows + touched.cells
        case FileKind.SQLITE:
            try:
                return erase_sqlite(path, person)
            except sqlite3.DatabaseError:  # damaged and put aside: nobody reads it as a database
                return erase_bytes(path, person.finder)
        case FileKind.CSV:
            return erase_csv(path, person)
        case FileKind.ARRAYS:
            return erase_arrays(path, person)
        case FileKind.TEXT:
            return erase_text(path, person)
        case FileKind.KEPT | FileKind.OTHER:
            return 0


def _erase_tables(tables: Path, person: Person) -> int:
    """Erase from the tables, the customers last."""
    return sum(_erase_file(path, person) for path in _customers_last(tables))


def _customers_last(tables: Path) -> list[Path]:
    """Return the files of the tables, those last that say what is to be looked for."""
    return sorted(files_of(tables), key=lambda path: _RANK.get(_table_of(path, tables), 0))


def _table_of(path: Path, tables: Path) -> str:
    return path.relative_to(tables).parts[0].split(".")[0]


def _check_again(space: Workspace, *, tables: Path) -> None:
    """Check the tables again where they were: rows have moved, and none may name the erased."""
    if was_checked(tables, quarantine=space.quarantine):
        check(tables, quarantine=space.quarantine, share=read_report(space.quarantine).share)
