"""The quarantine of a check: each bad row with the reason, and how a source leaves them out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from features.check_report import CheckReport, FaultCount, TableReport
from features.erased import Tombstones
from features.errors import ContractError, DataNotFoundError
from features.found import quoted
from features.rules import Rule, fix_for
from features.source import FILE_COLUMN, ROW_COLUMN, Source, open_source

REPORT_NAME = "check.json"
_COLUMNS = (
    "tbl VARCHAR, file VARCHAR, row BIGINT, key VARCHAR, col VARCHAR, value VARCHAR, rule VARCHAR"
)


class Quarantine:
    """The faults of one check, kept in an empty DuckDB until they are written."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._connection.execute(f"CREATE TABLE faults ({_COLUMNS})")

    def add(self, faults: pa.Table | pa.RecordBatchReader | None) -> int:
        """Keep faults (tbl, file, row, key, col, value, rule) and return how many they are."""
        if faults is None:
            return 0
        self._connection.register("arriving", faults)
        kept = self._connection.execute("INSERT INTO faults BY NAME SELECT * FROM arriving")
        count = int(kept.fetchall()[0][0])
        self._connection.unregister("arriving")
        return count

    def add_whole(self, table: str, *, column: str, rule: Rule, value: str) -> None:
        """Keep one fault of every row of `table`: its row is NULL."""
        self._connection.execute(
            "INSERT INTO faults VALUES (?, NULL, NULL, NULL, ?, ?, ?)", [table, column, value, rule]
        )

    def table_report(
        self, table: str, *, rows: int, not_checked: tuple[str, ...] = ()
    ) -> TableReport:
        """Return the summary of `table` with its `rows` rows, the commonest fault first."""
        bad = self._connection.execute(
            "SELECT if(coalesce(bool_or(row IS NULL), false), ?, "
            "count(DISTINCT (file, row, rule = 'shape'))) FROM faults WHERE tbl = ?",
            [rows, table],
        ).fetchall()[0][0]
        counted = self._connection.execute(
            "SELECT rule, col, if(bool_or(row IS NULL), ?, count(*)) AS broken, "
            "first((value, file, row) ORDER BY file, row) FROM faults WHERE tbl = ? "
            "GROUP BY rule, col ORDER BY broken DESC, rule, col",
            [rows, table],
        ).fetchall()
        faults = tuple(_fault_count(table, *found) for found in counted)
        return TableReport(table, rows, bad, faults, not_checked)

    def write(self, folder: Path, *, report: CheckReport) -> None:
        """Write `<table>.csv` for each table with bad rows, and the report."""
        names = self._connection.execute("SELECT DISTINCT tbl FROM faults ORDER BY 1").fetchall()
        for (name,) in names:
            chosen = (
                'SELECT tbl AS "table", file, row, key, col AS "column", '
                f"left(value, 200) AS value, rule FROM faults "
                f"WHERE tbl = {quoted(name)} ORDER BY file, row, col, rule"
            )
            self._connection.execute(
                f"COPY ({chosen}) TO {quoted(folder / f'{name}.csv')} (HEADER, DELIMITER ',')"
            )
        (folder / REPORT_NAME).write_text(report.to_json() + "\n", encoding="utf-8")


def read_report(quarantine: Path) -> CheckReport:
    """Return the report of the check that wrote `quarantine`.

    Raises:
        DataNotFoundError: no check has written there.
    """
    file = quarantine / REPORT_NAME
    if not file.is_file():
        raise DataNotFoundError(
            f"'{quarantine}' is not the quarantine of a check: it has no {REPORT_NAME}.",
            fix="Run `callworth check` on the tables first.",
        )
    return CheckReport.from_json(file.read_text(encoding="utf-8"))


def was_checked(path: Path, *, quarantine: Path) -> bool:
    """Return whether `quarantine` holds what a check of the tables at `path` set aside."""
    written = (quarantine / REPORT_NAME).is_file()
    return written and Path(read_report(quarantine).path).resolve() == path.resolve()


def open_checked(path: Path, *, quarantine: Path) -> Source:
    """Open the tables at `path` without the rows that their check set aside in `quarantine`.

    Where these tables were never checked, every row is taken but those of erased customers, who
    are listed beside the quarantine.
    """
    checked = was_checked(path, quarantine=quarantine)
    erased = Tombstones.beside(quarantine)
    return open_source(path, without=quarantine if checked else None, erased=erased)


def rows_left_out(
    connection: duckdb.DuckDBPyConnection, *, source: Source, quarantine: Path
) -> Mapping[str, str]:
    """Make a table of the quarantined rows on `connection` for each table that has any.

    Returns the names of these tables (columns source_file, source_row) by contract table.

    Raises:
        DataNotFoundError: no check has written to `quarantine`.
        ContractError: the tables changed since they were checked.
    """
    _demand_unchanged(source, read_report(quarantine))
    left_out: dict[str, str] = {}
    for name, found in source.found.items():
        file = quarantine / f"{name}.csv"
        if not file.is_file():
            continue
        # A line of a wrong shape is no row: the reader passes over it by itself.
        read = f"read_csv({quoted(file)}, header = true, all_varchar = true)"
        faults = f"(FROM {read} WHERE rule <> {quoted(Rule.SHAPE)})"
        whole = connection.sql(f"SELECT count(*) FROM {faults} WHERE row IS NULL").fetchall()[0][0]
        rows = f"SELECT DISTINCT file AS {FILE_COLUMN}, row::BIGINT AS {ROW_COLUMN} FROM {faults}"
        if whole:
            rows = f"SELECT {FILE_COLUMN}, {ROW_COLUMN} FROM {found.numbered()}"
        connection.execute(f'CREATE OR REPLACE TABLE "left_out_{name}" AS {rows}')
        left_out[name] = f'"left_out_{name}"'
    return left_out


def fingerprint(source: Source) -> dict[str, str]:
    """Return a digest for each file of the tables, by its name within the source."""
    digests: dict[str, str] = {}
    for found in source.found.values():
        digests.update(found.fingerprint())
    return digests


def _demand_unchanged(source: Source, report: CheckReport) -> None:
    now = fingerprint(source)
    changed = sorted(
        name
        for name in now.keys() | report.fingerprint.keys()
        if now.get(name) != report.fingerprint.get(name)
    )
    if changed:
        raise ContractError(
            f"The tables in '{source.path}' changed since they were checked: {changed[0]}"
            f"{f' and {len(changed) - 1} more' if len(changed) > 1 else ''}.",
            fix="Run `callworth check` on them again.",
        )


def _fault_count(
    table: str,
    rule: str,
    column: str,
    rows: int,
    example: tuple[str | None, str | None, int | None],
) -> FaultCount:
    value, file, row = example
    where = "the whole column" if row is None else f"row {row} of {file}"
    if rule == Rule.SHAPE:
        where = f"line {row} of {file}"
    fix = fix_for(Rule(rule), table=table, column=column, value=value)
    return FaultCount(Rule(rule), column, rows, value, where, fix)
