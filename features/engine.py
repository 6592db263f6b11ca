"""The DuckDB session that the features are computed in: UTC, two threads, bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.source import Source

# A row group is what a reader holds at once; 50,000 rows of 120 columns are about 40 MB.
ROW_GROUP_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may take: DuckDB's memory, its threads, and customers per round."""

    memory: str = "2GB"
    threads: int = 2
    points_per_round: int = 100_000


@contextmanager
def open_session(
    source: Source, *, spill: Path, limits: Limits
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with a view per contract table (an absent table is an empty view).

    What does not fit in memory goes to a folder under `spill`, which is removed at the end.
    """
    spill.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spill, prefix=".spill-") as folder:
        connection = duckdb.connect(
            config={
                "threads": limits.threads,
                "memory_limit": limits.memory,
                "temp_directory": folder,
                "preserve_insertion_order": False,
            }
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            source.attach(connection, absent=True)
            yield connection
        finally:
            connection.close()


class ParquetSink:
    """One Parquet file that grows by query results; timestamps are microseconds, UTC."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> ParquetSink:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def append(self, connection: duckdb.DuckDBPyConnection, *, sql: str) -> int:
        """Write the rows of a query and return how many; they stream in row groups."""
        reader = connection.sql(sql).to_arrow_reader(ROW_GROUP_ROWS)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, reader.schema, compression="zstd")
        rows = 0
        for batch in reader:
            self._writer.write_table(pa.Table.from_batches([batch]), row_group_size=ROW_GROUP_ROWS)
            rows += batch.num_rows
        return rows
