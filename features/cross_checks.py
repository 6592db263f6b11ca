"""The rules that need more than one row: unique keys, references, lines of a wrong shape."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from features.contract import TABLES, Table
from features.found import Form, FoundTable, quoted
from features.rules import Rule
from features.source import Source, missing_columns

_OWNED = ("customers", "contacts")  # a row of these is seen by its own partner only


def duplicate_keys(connection: duckdb.DuckDBPyConnection, *, table: Table) -> pa.RecordBatchReader:
    """Return a fault for each row whose key an earlier row has, in the order of files and rows."""
    keys = [f'CAST("{name}" AS VARCHAR)' for name in table.key]
    filled = " AND ".join(f"{key} IS NOT NULL" for key in keys)
    hashed = f"hash({', '.join(keys)})"
    # Hashes first: eight bytes a row, so that only the few suspects are compared and ordered.
    suspects = f'SELECT {hashed} FROM "{table.name}" WHERE {filled} GROUP BY 1 HAVING count(*) > 1'
    nth = f"row_number() OVER (PARTITION BY {', '.join(keys)} ORDER BY source_file, source_row)"
    return _reader(
        connection,
        f"SELECT {_fault(table, column=table.key[-1], rule=quoted(Rule.UNIQUE_KEY))} "
        f'FROM (FROM "{table.name}" WHERE {filled} AND {hashed} IN ({suspects})) AS row_ '
        f"QUALIFY {nth} > 1",
    )


def references(
    connection: duckdb.DuckDBPyConnection, *, source: Source, table: Table, column: str
) -> pa.RecordBatchReader:
    """Return a fault for each value of `column` that names no row, or one of another partner."""
    target = TABLES[table.refers_to[column]]
    rule = f"if(target.key IS NULL, {quoted(Rule.REFERENCE)}, {quoted(Rule.SAME_PARTNER)})"
    other = "OR target.partner <> row_.partner" if target.name in _OWNED else ""
    if "partner" in {
        *missing_columns(source.found[target.name]),
        *missing_columns(source.found[table.name]),
    }:
        other = ""
    return _reader(
        connection,
        f'SELECT {_fault(table, column=column, rule=rule)} FROM "{table.name}" AS row_ LEFT JOIN '
        f'(SELECT CAST("{target.key[0]}" AS VARCHAR) AS key, min(partner) AS partner '
        f'FROM "{target.name}" GROUP BY 1) AS target '
        f'ON CAST(row_."{column}" AS VARCHAR) = target.key '
        f'WHERE row_."{column}" IS NOT NULL AND (target.key IS NULL {other})',
    )


def unchecked_references(source: Source, table: Table) -> dict[str, str]:
    """Return the references of `table` that cannot be checked, with the reason."""
    unchecked: dict[str, str] = {}
    for column, target in table.refers_to.items():
        if target not in source.tables:
            unchecked[column] = f"whether {column} exists: there is no table '{target}'"
        elif TABLES[target].key[0] in missing_columns(source.found[target]):
            unchecked[column] = f"whether {column} exists: '{target}' lacks {TABLES[target].key[0]}"
    return unchecked


def misshapen_lines(
    connection: duckdb.DuckDBPyConnection, *, found: FoundTable
) -> pa.RecordBatchReader | None:
    """Return a fault for each line of a CSV table that could not be read as a row.

    Its row is the line of the file, from 1. The table must have been read on `connection`.
    """
    if found.form is not Form.CSV:
        return None
    labels = " ".join(f"WHEN {quoted(f)} THEN {quoted(found.label(f))}" for f in found.files)
    return _reader(
        connection,
        f"SELECT DISTINCT ON (file, row) {quoted(found.name)} AS tbl, "
        f"{quoted(Rule.SHAPE)} AS rule, "
        f"CASE scan.file_path {labels} END AS file, bad.line::BIGINT AS row, NULL::VARCHAR AS key, "
        "coalesce(bad.column_name, '') AS col, bad.csv_line AS value "
        "FROM reject_errors AS bad JOIN reject_scans AS scan USING (scan_id, file_id) "
        f"WHERE scan.file_path IN ({', '.join(quoted(f) for f in found.files)}) "
        "ORDER BY file, row, col",
    )


def _fault(table: Table, *, column: str, rule: str) -> str:
    key = " || ' / ' || ".join(f"coalesce(CAST(row_.\"{k}\" AS VARCHAR), '')" for k in table.key)
    return (
        f"{quoted(table.name)} AS tbl, {rule} AS rule, row_.source_file AS file, "
        f"row_.source_row AS row, {key} AS key, {quoted(column)} AS col, "
        f'CAST(row_."{column}" AS VARCHAR) AS value'
    )


def _reader(connection: duckdb.DuckDBPyConnection, query: str) -> pa.RecordBatchReader:
    return connection.sql(query).to_arrow_reader(100_000)
