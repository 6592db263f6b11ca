from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.check import check
from features.contract import TABLES, Type

ARROW = {
    Type.TEXT: pa.string(),
    Type.NUMBER: pa.float64(),
    Type.WHOLE: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.TIME: pa.timestamp("us", tz="UTC"),
}
every_table = pytest.mark.parametrize("name", list(TABLES))


def _one(tables: duckdb.DuckDBPyConnection, query: str) -> object:
    row = tables.execute(query).fetchone()
    assert row is not None
    return row[0]


@every_table
def test_columns_and_types_are_the_contracts(world: Path, name: str) -> None:
    for path in (world / name).rglob("*.parquet"):
        schema = pq.read_schema(path)
        assert schema.names == list(TABLES[name].column_names)
        assert schema.types == [ARROW[column.type] for column in TABLES[name].columns]


@every_table
def test_keys_are_unique_over_all_partners(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    key = ", ".join(TABLES[name].key)
    rows = _one(tables, f"SELECT count(*) FROM {name}")
    assert rows == _one(tables, f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM {name})")
    assert rows


@every_table
def test_values_are_allowed(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    for column in TABLES[name].columns:
        broken = []
        if not column.nullable:
            broken.append(f"{column.name} IS NULL")
        if column.allowed:
            broken.append(f"{column.name} NOT IN {(*column.allowed, column.allowed[0])}")
        if column.minimum is not None:
            broken.append(f"{column.name} < {column.minimum}")
        if column.maximum is not None:
            broken.append(f"{column.name} > {column.maximum}")
        for rule in broken:
            assert _one(tables, f"SELECT count(*) FROM {name} WHERE {rule}") == 0, rule


@every_table
def test_references_are_found(tables: duckdb.DuckDBPyConnection, name: str) -> None:
    for column, other in TABLES[name].refers_to.items():
        lost = f"{column} IS NOT NULL AND {column} NOT IN (SELECT {column} FROM {other})"
        assert _one(tables, f"SELECT count(*) FROM {name} WHERE {lost}") == 0


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.timed])
def test_nothing_is_known_before_it_happens_or_after_the_end(
    tables: duckdb.DuckDBPyConnection, name: str
) -> None:
    wrong = "known_at < occurred_at OR known_at > TIMESTAMPTZ '2026-11-01 00:00:00+00'"
    assert _one(tables, f"SELECT count(*) FROM {name} WHERE {wrong}") == 0


def test_every_agent_may_sell_what_was_presented(tables: duckdb.DuckDBPyConnection) -> None:
    unlicensed = """
        SELECT count(*) FROM contacts JOIN agents USING (agent_id) JOIN offers USING (offer_id)
        WHERE NOT list_contains(string_split(agents.licences, ';'), offers.licence)
    """
    assert _one(tables, unlicensed) == 0


def test_every_stage_may_be_offered_three_things(tables: duckdb.DuckDBPyConnection) -> None:
    counts = tables.execute(
        "SELECT unnest(string_split(eligible_stages, ';')) AS stage, count(*) "
        "FROM offers GROUP BY stage"
    ).fetchall()
    assert len(counts) == 4
    assert all(count >= 3 for _, count in counts)


def test_the_check_finds_nothing_to_quarantine(world: Path, tmp_path: Path) -> None:
    report = check(world, quarantine=tmp_path / "quarantine")
    assert {table.table: table.bad_rows for table in report.tables} == dict.fromkeys(TABLES, 0)
