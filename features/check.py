"""Check tables against the data contract; bad rows go to quarantine with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
import pyarrow.compute as pc
from pandera.errors import SchemaError, SchemaErrors

from features.check_report import CheckReport, TableReport
from features.contract import TABLES, Column, Table, Type
from features.cross_checks import (
    duplicate_keys,
    misshapen_lines,
    references,
    unchecked_references,
)
from features.erased import Tombstones
from features.errors import ContractError
from features.found import FoundTable, readable, scratch_connection
from features.progress import Track, silent
from features.quarantine import REPORT_NAME, Quarantine, fingerprint
from features.rules import Rule
from features.schemas import AS_FOUND, rule_and_column, schema_of
from features.source import FILE_COLUMN, ROW_COLUMN, Source, missing_columns, open_source, typed
from features.staging import staged_folder

BATCH_ROWS = 200_000
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_UNZONED = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE")
# Types from which every value casts to the declared type.
_LOSSLESS: dict[Type, tuple[str, ...]] = {
    Type.NUMBER: (*_NUMERIC, *(f"U{name}" for name in _NUMERIC)),
    Type.WHOLE: ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"),
    Type.FLAG: ("BOOLEAN",),
    Type.TIME: ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS", *_UNZONED),
}


def check(
    path: Path, *, quarantine: Path, share: float = 0.01, track: Track = silent
) -> CheckReport:
    """Check every table at `path` and write each bad row with its reason to `quarantine`.

    `quarantine` gets `<table>.csv` for each table with bad rows (columns table, file, row, key,
    column, value, rule; one line per fault) and `check.json`, the report; it appears at once and
    replaces that of an earlier check. `share` (0 to 1) is the share of bad rows of a table above
    which the report's exit code is 1. Memory does not grow with the number of rows.

    Raises:
        DataNotFoundError: there is no table of the contract at `path`.
        ContractError: `quarantine` is a folder that no check wrote, or a file is damaged.
    """
    source = open_source(path, erased=Tombstones.beside(quarantine))
    _demand_replaceable(quarantine)
    digests = fingerprint(source)
    with scratch_connection() as connection, scratch_connection() as faults:
        kept = Quarantine(faults)
        source.attach(connection, raw=True)
        reports = []
        for name, found in source.found.items():
            with readable(found.place, table=name):
                reports.append(
                    _check_table(
                        connection, source=source, table=TABLES[name], kept=kept, track=track
                    )
                )
        report = CheckReport(
            path=str(path.resolve()),
            quarantine=str(quarantine),
            share=share,
            tables=tuple(reports),
            absent=tuple(name for name in TABLES if name not in source.tables),
            unknown=source.unknown,
            fingerprint=digests,
            erased=source.erased_rows(connection),
        )
        with staged_folder(quarantine) as folder:
            kept.write(folder, report=report)
    return report


def _demand_replaceable(quarantine: Path) -> None:
    if not quarantine.exists():
        return
    if not quarantine.is_dir() or (
        any(quarantine.iterdir()) and not (quarantine / REPORT_NAME).is_file()
    ):
        raise ContractError(
            f"'{quarantine}' holds something that no check wrote.",
            fix="Name another folder for the quarantine: a check replaces the whole folder.",
        )


def _check_table(
    connection: duckdb.DuckDBPyConnection,
    *,
    source: Source,
    table: Table,
    kept: Quarantine,
    track: Track,
) -> TableReport:
    found = source.found[table.name]
    missing = frozenset(missing_columns(found))
    unzoned = frozenset(c.name for c in table.columns if _is_unzoned(c, found))
    for name in sorted(missing):
        there = ", ".join(found.columns)
        kept.add_whole(table.name, column=name, rule=Rule.COLUMN, value=there)
    for name in sorted(unzoned):
        kept.add_whole(table.name, column=name, rule=Rule.TIME_ZONE, value=found.columns[name])
    loose = frozenset(c.name for c in table.columns if _is_loose(c, found))
    schema = schema_of(table, loose=loose, skipped=missing)
    total = connection.sql(f'SELECT count(*) FROM "{table.name}"').fetchall()[0][0]
    rows = 0
    with track(f"Checking {table.name}", total=total, unit="rows") as advance:
        for batch in _batches(connection, table=table, found=found, loose=loose):
            for faults in _faults_of(batch, table=table, schema=schema):
                kept.add(faults)
            rows += batch.num_rows
            advance(batch.num_rows)
    rows += kept.add(misshapen_lines(connection, found=found))
    if missing.isdisjoint(table.key):
        kept.add(duplicate_keys(connection, table=table))
    unchecked = unchecked_references(source, table)
    for name in table.refers_to.keys() - unchecked.keys() - missing:
        kept.add(references(connection, source=source, table=table, column=name))
    return kept.table_report(table.name, rows=rows, not_checked=tuple(unchecked.values()))


def _is_unzoned(column: Column, found: FoundTable) -> bool:
    return column.type is Type.TIME and found.columns.get(column.name) in _UNZONED


def _is_loose(column: Column, found: FoundTable) -> bool:
    there = found.columns.get(column.name, "").partition("(")[0]
    return bool(there) and there not in _LOSSLESS.get(column.type, (there,))


def _batches(
    connection: duckdb.DuckDBPyConnection,
    *,
    table: Table,
    found: FoundTable,
    loose: frozenset[str],
) -> Iterator[pa.Table]:
    listed = [FILE_COLUMN, ROW_COLUMN]
    for column in table.columns:
        value = typed(column, found=found)
        if column.type is Type.TEXT and not column.nullable:
            value = f"nullif(trim({value}), '')"
        listed.append(f'{value} AS "{column.name}"')
        if column.name in loose:
            as_found = f'CAST("{column.name}" AS VARCHAR)'
            listed.append(f"nullif(trim({as_found}), '') AS \"{column.name}{AS_FOUND}\"")
    selected = connection.sql(f'SELECT {", ".join(listed)} FROM "{table.name}"')
    for batch in selected.to_arrow_reader(BATCH_ROWS):
        yield pa.Table.from_batches([batch])


def _faults_of(
    batch: pa.Table, *, table: Table, schema: pandera.DataFrameSchema
) -> Iterator[pa.Table]:
    frame = batch.to_pandas(types_mapper=pd.ArrowDtype)
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            rule, column, broken = _broken(error, frame)
            yield _fault_rows(batch.filter(pa.array(broken)), table=table, rule=rule, column=column)


def _broken(error: SchemaError, frame: pd.DataFrame) -> tuple[Rule, str, pd.Series]:
    if error.check_output is not None:
        rule, column = rule_and_column(error.check.name)
        # pandera passes over NULL: rows that it did not look at hold.
        holds = error.check_output.reindex(frame.index, fill_value=True)
        return rule, column, ~holds.astype(bool)
    if error.reason_code.name == "SERIES_CONTAINS_NULLS":
        column = str(error.schema.name)
        return Rule.NOT_EMPTY, column.removesuffix(AS_FOUND), frame[column].isna()
    raise error  # the batch is typed by `typed`: any other complaint is a fault of ours


def _fault_rows(bad: pa.Table, *, table: Table, rule: Rule, column: str) -> pa.Table:
    shown = column + AS_FOUND if column + AS_FOUND in bad.column_names else column
    parts = [pc.fill_null(pc.cast(bad[name], pa.string()), "") for name in table.key]
    key = pc.binary_join_element_wise(*parts, " / ") if len(parts) > 1 else parts[0]
    constant = {"tbl": table.name, "col": column, "rule": str(rule)}
    columns = {
        name: pa.array([text] * bad.num_rows, pa.string()) for name, text in constant.items()
    }
    return pa.table(
        {
            **columns,
            "file": bad[FILE_COLUMN],
            "row": bad[ROW_COLUMN],
            "key": key,
            "value": pc.cast(bad[shown], pa.string()),
        }
    )
