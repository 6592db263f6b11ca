"""Open the tables of the data contract where they lie: Parquet, CSV or a DuckDB file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.contract import TABLES, Column, Table, Type
from features.erased import Tombstones
from features.errors import ContractError, DataNotFoundError, nearest
from features.found import Form, FoundTable, find_tables

SQL_TYPES: dict[Type, str] = {
    Type.TEXT: "VARCHAR",
    Type.NUMBER: "DOUBLE",
    Type.WHOLE: "BIGINT",
    Type.FLAG: "BOOLEAN",
    Type.TIME: "TIMESTAMPTZ",
}
FILE_COLUMN, ROW_COLUMN = "source_file", "source_row"
CUSTOMER_COLUMN = "customer_id"
ERASED = "erased_customers"


@dataclass(frozen=True, slots=True)
class Source:
    """The contract tables found at `path`; opening reads names and headers only.

    `unknown` names what lies there beside them and is not read. `without` is the quarantine
    folder of a check: the rows in it are left out of the views. So are those of customers who were
    `erased`, with or without a check.
    """

    path: Path
    found: Mapping[str, FoundTable]
    unknown: tuple[str, ...] = ()
    without: Path | None = None
    erased: Tombstones | None = None

    @property
    def tables(self) -> frozenset[str]:
        """The names of the contract tables that are present."""
        return frozenset(self.found)

    def require(self, tables: Iterable[str]) -> None:
        """Raise DataNotFoundError that names those of `tables` that are not present."""
        absent = [name for name in tables if name not in self.found]
        if absent:
            raise DataNotFoundError(
                f"'{self.path}' lacks the tables: {', '.join(absent)}.",
                fix=f"It has: {', '.join(sorted(self.found))}. Add them beside these.",
            )

    def attach(
        self, connection: duckdb.DuckDBPyConnection, *, raw: bool = False, absent: bool = False
    ) -> None:
        """Make one view per present table on `connection`, columns as the contract declares.

        Every column is cast to its declared type; a value that does not cast is NULL, and so is
        a nullable column that is not there. With `raw` the values stay as found (CSV: text) and
        each view also has `source_file` and `source_row` (from 1 within the file). With
        `absent`, tables that are not present become empty views. Sets the session to UTC.

        Raises:
            ContractError: a column that may not be empty is missing from a table.
        """
        connection.execute("SET TimeZone = 'UTC'")
        left_out: Mapping[str, str] = {}
        if self.without is not None and not raw:
            from features.quarantine import rows_left_out  # it imports this module

            left_out = rows_left_out(connection, source=self, quarantine=self.without)
        for found in self.found.values():
            found.prepare(connection)
        erased = self._erased(connection)
        for name, found in self.found.items():
            select = raw_select(found) if raw else cast_select(found, left_out=left_out.get(name))
            if erased and CUSTOMER_COLUMN in found.columns:
                select = f"SELECT s.* FROM ({select}) AS s ANTI JOIN {ERASED} AS e ON {_SAME}"
            connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {select}')
        for name in TABLES.keys() - self.found.keys() if absent else ():
            connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {_empty_select(TABLES[name])}')

    def erased_rows(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Return how many rows of erased customers each table has, once it is attached."""
        if self.erased is None or not any(True for _ in self.erased):
            return {}
        of_customers = [one for one in self.found.values() if CUSTOMER_COLUMN in one.columns]
        counts = {
            one.name: connection.execute(
                f"SELECT count(*) FROM {one.rows()} AS s SEMI JOIN {ERASED} AS e ON {_SAME}"
            ).fetchall()[0][0]
            for one in of_customers
        }
        return {name: count for name, count in counts.items() if count}

    def _erased(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Make the table of erased ids that come again; False where nobody was erased."""
        if self.erased is None or not any(True for _ in self.erased):
            return False
        of_customers = [one for one in self.found.values() if CUSTOMER_COLUMN in one.columns]
        ids = " UNION ".join(f"SELECT {_ID} FROM {one.rows()} AS s" for one in of_customers)
        there = connection.execute(ids).fetchall() if of_customers else []
        gone = self.erased.among(one for (one,) in there if one is not None)
        connection.execute(f"CREATE OR REPLACE TABLE {ERASED} (id VARCHAR)")
        for one in gone:
            connection.execute(f"INSERT INTO {ERASED} VALUES (?)", [one])
        return True


_ID = f"trim(CAST(s.{CUSTOMER_COLUMN} AS VARCHAR))"
_SAME = f"e.id = {_ID}"


def open_source(
    path: Path, *, without: Path | None = None, erased: Tombstones | None = None
) -> Source:
    """Open the tables at `path`: a folder of Parquet or CSV tables, or one DuckDB file.

    Raises:
        DataNotFoundError: nothing is there, or no table of the contract is.
    """
    found, unknown = find_tables(path)
    if not found:
        lies_there = ", ".join(unknown) if unknown else "nothing"
        raise DataNotFoundError(
            f"'{path}' holds no table of the data contract; it holds: {lies_there}.",
            fix=f"Name tables or folders after the contract: {', '.join(TABLES)}.",
        )
    return Source(path, found, unknown, without, erased)


def missing_columns(found: FoundTable) -> tuple[str, ...]:
    """Return the columns that may not be empty and are not there."""
    columns = TABLES[found.name].columns
    return tuple(c.name for c in columns if not c.nullable and c.name not in found.columns)


def raw_select(found: FoundTable) -> str:
    """Return a SELECT of the contract's columns as found, with file and row."""
    columns = TABLES[found.name].columns
    listed = ", ".join(_as_found(column, found) for column in columns)
    return f"SELECT {FILE_COLUMN}, {ROW_COLUMN}, {listed} FROM {found.numbered()}"


def cast_select(found: FoundTable, *, left_out: str | None = None) -> str:
    """Return a SELECT of the contract's columns, each cast to its type.

    `left_out` names a relation of `source_file`, `source_row` to leave out.
    """
    _demand_columns(found)
    columns = TABLES[found.name].columns
    listed = ", ".join(f'{typed(column, found=found)} AS "{column.name}"' for column in columns)
    if left_out is None:
        return f"SELECT {listed} FROM {found.rows()}"
    return (
        f"SELECT {listed} FROM {found.numbered()} ANTI JOIN {left_out} "
        f"USING ({FILE_COLUMN}, {ROW_COLUMN})"
    )


def _demand_columns(found: FoundTable) -> None:
    missing = missing_columns(found)
    if missing:
        hints = "".join(nearest(name, found.columns) for name in missing[:1])
        raise ContractError(
            f"Table '{found.name}' in '{found.place}' lacks: {', '.join(missing)}.",
            fix=f"It has: {', '.join(found.columns)}.{hints}",
        )


def _as_found(column: Column, found: FoundTable) -> str:
    if column.name in found.columns:
        return f'"{column.name}"'
    return f'CAST(NULL AS {SQL_TYPES[column.type]}) AS "{column.name}"'


def typed(column: Column, *, found: FoundTable) -> str:
    """Return the SQL of `column` in its declared type; NULL where a value does not cast."""
    kind = SQL_TYPES[column.type]
    if column.name not in found.columns:
        return f"CAST(NULL AS {kind})"
    value = f'"{column.name}"'
    if _is_native(column, found):
        return value
    if found.form is Form.CSV:
        # A bare TRY_CAST is pushed into DuckDB's CSV reader, which then drops the whole row.
        value = f"nullif(trim({value}), '')"
    if column.type is Type.WHOLE:  # a cast rounds: 1.5 is no whole number
        number, whole = f"TRY_CAST({value} AS DOUBLE)", f"TRY_CAST({value} AS BIGINT)"
        return f"CASE WHEN {number} = {whole} THEN {whole} END"
    return f"TRY_CAST({value} AS {kind})"


def _is_native(column: Column, found: FoundTable) -> bool:
    there = found.columns[column.name]
    return there == {Type.TIME: "TIMESTAMP WITH TIME ZONE"}.get(column.type, SQL_TYPES[column.type])


def _empty_select(table: Table) -> str:
    listed = ", ".join(f'CAST(NULL AS {SQL_TYPES[c.type]}) AS "{c.name}"' for c in table.columns)
    return f"SELECT {listed} WHERE false"
