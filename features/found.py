"""Find each table of the contract at a path, and say how DuckDB reads it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb

from features.contract import TABLES
from features.errors import ContractError, DataNotFoundError

_DATABASE = "callworth_source"
_DELIMITERS = ",;\t|"
_EDGE_BYTES = 65_536


class Form(StrEnum):
    """How a table is stored."""

    PARQUET = "parquet"
    CSV = "csv"
    DUCKDB = "duckdb"


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A table that was found: its files and the columns in them (name to DuckDB type)."""

    name: str
    form: Form
    place: Path
    files: tuple[Path, ...]
    columns: Mapping[str, str]
    by_folder: bool = False

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the table reachable from `connection`."""
        if self.form is Form.DUCKDB:
            connection.execute(
                f"ATTACH IF NOT EXISTS {quoted(self.place)} AS {_DATABASE} (READ_ONLY)"
            )

    def rows(self) -> str:
        """Return the FROM item of all rows, as found."""
        if self.form is Form.DUCKDB:
            return f'{_DATABASE}."{self.name}"'
        if self.form is Form.PARQUET:
            return _parquet(self.files, by_folder=self.by_folder)
        parts = " UNION ALL BY NAME ".join(f"SELECT * FROM {read_csv(f)}" for f in self.files)
        return f"({parts})"

    def numbered(self) -> str:
        """Return the FROM item of all rows with `source_file` and `source_row`, from 1."""
        if self.form is Form.DUCKDB:
            inner = f"'{self.name}' AS source_file, rowid + 1 AS source_row, *"
            return f'(SELECT {inner} FROM {_DATABASE}."{self.name}")'
        if self.form is Form.PARQUET:
            skip = len(str(self.place)) + 2
            inner = f"filename[{skip}:] AS source_file, file_row_number + 1 AS source_row, *"
            return f"(SELECT {inner} FROM {self.rows()})"
        parts = " UNION ALL BY NAME ".join(
            f"SELECT {quoted(self.label(f))} AS source_file, row_number() OVER () AS source_row, "
            f"* FROM {read_csv(f)}"
            for f in self.files
        )
        return f"({parts})"

    def label(self, file: Path) -> str:
        """Return how the quarantine names `file`: relative to the folder of the tables."""
        return self.name if self.form is Form.DUCKDB else str(file.relative_to(self.place))

    def fingerprint(self) -> dict[str, str]:
        """Return, for each file, a digest of its size and its first and last 64 KiB."""
        return {self.label(file): _digest(file) for file in self.files}


def find_tables(path: Path) -> tuple[dict[str, FoundTable], tuple[str, ...]]:
    """Return the contract tables at `path` by name, and the names of what else is there.

    Raises:
        DataNotFoundError: there is nothing at `path`, or a file that is not a DuckDB file.
        ContractError: a CSV file has no header, or a table lies there in two forms.
    """
    path = path.absolute()
    if path.is_file():
        return _in_database(path)
    if not path.is_dir():
        raise DataNotFoundError(
            f"There is nothing at '{path}'.",
            fix="Name a folder of Parquet or CSV tables, or a DuckDB file.",
        )
    found: dict[str, FoundTable] = {}
    with duckdb.connect() as connection:
        for name in TABLES:
            with readable(path, table=name):
                table = _in_folder(path, name, connection)
            if table is not None:
                found[name] = table
    ours = {
        table.label(file).split("/", maxsplit=1)[0]
        for table in found.values()
        for file in table.files
    }
    unknown = (entry.name for entry in sorted(path.iterdir()) if not entry.name.startswith("."))
    return found, tuple(name for name in unknown if name not in ours)


@contextmanager
def scratch_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an empty DuckDB of two threads and 2 GB; what does not fit goes to a passing folder."""
    with tempfile.TemporaryDirectory(prefix="callworth-") as folder, duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET memory_limit = '2GB'")
        connection.execute(f"SET temp_directory = {quoted(folder)}")
        yield connection


@contextmanager
def readable(place: Path, *, table: str) -> Iterator[None]:
    """Turn what DuckDB says of a damaged file into a ContractError that names it."""
    try:
        yield
    except duckdb.Error as error:
        raise ContractError(
            f"Table '{table}' in '{place}' cannot be read: {str(error).splitlines()[0]}",
            fix="Write the file anew: Parquet, or CSV in UTF-8 with one kind of line end.",
        ) from error


def quoted(text: object) -> str:
    """Return `text` as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def read_csv(file: Path) -> str:
    """Return the DuckDB call that reads `file` as text; rows of a wrong shape are passed over.

    The check reports those rows: DuckDB keeps them in its table `reject_errors`.
    """
    names, delimiter = _header(file)
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({quoted(file)}, auto_detect = false, header = true, columns = {{{columns}}}, "
        f"delim = {quoted(delimiter)}, quote = '\"', escape = '\"', store_rejects = true, "
        "rejects_limit = 0)"
    )


def _in_folder(root: Path, name: str, connection: duckdb.DuckDBPyConnection) -> FoundTable | None:
    parquet = [*root.glob(f"{name}.parquet"), *sorted(root.glob(f"{name}/**/*.parquet"))]
    text = [
        *(
            root / f"{name}{end}"
            for end in (".csv", ".csv.gz")
            if (root / f"{name}{end}").is_file()
        ),
        *sorted((*root.glob(f"{name}/**/*.csv"), *root.glob(f"{name}/**/*.csv.gz"))),
    ]
    if parquet and text:
        raise ContractError(
            f"Table '{name}' lies in '{root}' both as '{parquet[0].name}' and '{text[0].name}'.",
            fix="Keep one of them.",
        )
    if parquet:
        return _parquet_table(root, name, tuple(parquet), connection)
    if text:
        columns = {column: "VARCHAR" for file in text for column in _header(file)[0]}
        return FoundTable(name, Form.CSV, root, tuple(text), columns)
    return None


def _parquet_table(
    root: Path, name: str, files: tuple[Path, ...], connection: duckdb.DuckDBPyConnection
) -> FoundTable:
    by_folder = False
    columns = _described(connection, _parquet(files, by_folder=False))
    # Spark takes the column that it partitions by out of the files.
    if "partner" not in columns and all("partner=" in str(f.relative_to(root)) for f in files):
        by_folder = True
        columns = _described(connection, _parquet(files, by_folder=True))
    return FoundTable(name, Form.PARQUET, root, files, columns, by_folder)


def _in_database(path: Path) -> tuple[dict[str, FoundTable], tuple[str, ...]]:
    with path.open("rb") as file:
        if file.read(12)[8:12] != b"DUCK":
            raise DataNotFoundError(
                f"'{path}' is not a DuckDB file.",
                fix="Name a folder of Parquet or CSV tables, or a DuckDB file.",
            )
    with duckdb.connect(str(path), read_only=True) as connection:
        names = [str(row[0]) for row in connection.execute("SHOW TABLES").fetchall()]
        found = {
            name: FoundTable(name, Form.DUCKDB, path, (path,), _described(connection, f'"{name}"'))
            for name in TABLES
            if name in names
        }
    return found, tuple(name for name in names if name not in found)


def _described(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def _parquet(files: tuple[Path, ...], *, by_folder: bool) -> str:
    listed = ", ".join(quoted(file) for file in files)
    hive = f"hive_partitioning = {str(by_folder).lower()}"
    return f"read_parquet([{listed}], union_by_name = true, {hive})"


def _header(file: Path) -> tuple[list[str], str]:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
        first = lines.readline().decode("utf-8-sig", errors="replace")
    delimiter = max(_DELIMITERS, key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if not any(names) or len(set(names)) < len(names):
        raise ContractError(
            f"'{file}' has no header line with distinct column names.",
            fix="Write the column names of the contract in its first line.",
        )
    return names, delimiter


def _digest(file: Path) -> str:
    size = file.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with file.open("rb") as opened:
        digest.update(opened.read(_EDGE_BYTES))
        opened.seek(max(0, size - _EDGE_BYTES))
        digest.update(opened.read(_EDGE_BYTES))
    return digest.hexdigest()[:32]
