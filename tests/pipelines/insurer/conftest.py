from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from features.contract import TABLES
from pipelines.insurer import generate

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
TRUTH = ("contact_truth", "customer_truth")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("insurer") / "world"
    return generate(root, customers=3_000, until=UNTIL)


@pytest.fixture(scope="session")
def tables(world: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session with a view per table and per truth table."""
    session = duckdb.connect()
    session.execute("SET TimeZone = 'UTC'; SET threads = 2; SET memory_limit = '1GB'")
    folders = {name: world / name for name in TABLES}
    folders |= {name: world / "truth" / name for name in TRUTH}
    for name, folder in folders.items():
        session.execute(
            f"CREATE VIEW {name} AS SELECT * FROM "
            f"read_parquet('{folder}/*/*.parquet', hive_partitioning = false)"
        )
    yield session
    session.close()
