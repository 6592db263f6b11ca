"""A small insurer that holds every rule of the contract, to plant faults in."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.contract import TABLES, Type
from features.found import quoted
from features.schemas import ARROW_TYPES

Row = dict[str, object]
START = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)


@dataclass
class Insurer:
    """Rows by table; change them, then write them in one of the three forms."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def set(self, table: str, row: int, **values: object) -> Insurer:
        """Change the values of a row, counted from 1."""
        self.rows[table][row - 1].update(values)
        return self

    def only(self, table: str) -> Insurer:
        """Keep a table and those that it refers to, which is quicker to check."""
        kept = [table]
        for name in kept:
            kept.extend(TABLES[name].refers_to.values())
        self.rows = {name: rows for name, rows in self.rows.items() if name in kept}
        return self

    def parquet(self, root: Path) -> Path:
        for name, rows in self.rows.items():
            columns = {
                column.name: pa.array([row[column.name] for row in rows], ARROW_TYPES[column.type])
                for column in TABLES[name].columns
            }
            folder = root / name / "partner=main"
            folder.mkdir(parents=True)
            pq.write_table(pa.table(columns), folder / "part-00000.parquet")
        return root

    def csv(self, root: Path, *, zipped: tuple[str, ...] = ()) -> Path:
        root.mkdir(parents=True, exist_ok=True)
        for name, rows in self.rows.items():
            end = ".csv.gz" if name in zipped else ".csv"
            opened = gzip.open if name in zipped else open
            with opened(root / f"{name}{end}", "wt", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, TABLES[name].column_names)
                writer.writeheader()
                for row in rows:
                    writer.writerow({key: _text(value) for key, value in row.items()})
        return root

    def duckdb(self, file: Path) -> Path:
        folder = self.parquet(file.parent / f"{file.stem} parts")
        with duckdb.connect(str(file)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for name in self.rows:
                files = quoted(f"{folder}/{name}/*/*.parquet")
                read = f"read_parquet({files}, hive_partitioning = false)"
                connection.execute(f"CREATE TABLE {name} AS FROM {read}")
        return file


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, datetime) else value


def _blank(table: str) -> Row:
    row: Row = {}
    for number, column in enumerate(TABLES[table].columns):
        if column.type is Type.TIME:
            row[column.name] = START + timedelta(days=number)
        elif column.nullable:
            row[column.name] = None
        elif column.type is Type.TEXT:
            row[column.name] = column.allowed[0] if column.allowed else f"some {column.name}"
        else:
            row[column.name] = False if column.type is Type.FLAG else 1
    row["partner"] = "main"
    return row


@pytest.fixture
def insurer() -> Insurer:
    made = Insurer()

    def add(table: str, **values: object) -> None:
        made.rows.setdefault(table, []).append(_blank(table) | values)

    for n in range(1, 5):
        customer = f"c{n}"
        phone = f"+1555010{n}"
        add("customers", customer_id=customer, phone=phone, email=f"{customer}@example.com")
        add("customer_events", event_id=f"e{n}", customer_id=customer, amount=12.5)
        add("activity_events", activity_id=f"a{n}", customer_id=customer, detail="/quote")
        add("attributions", attribution_id=f"t{n}", customer_id=customer, dialled_number=phone)
        add("demographics", demographic_id=f"d{n}", customer_id=customer, age=40.0)
        add(
            "contacts",
            contact_id=f"k{n}",
            customer_id=customer,
            calling_number=phone,
            reached_agent=True,
            offer_id="o1",
            offer_probability=0.25,
        )
        add(
            "outcomes",
            contact_id=f"k{n}",
            customer_id=customer,
            offer_id="o1",
            accepted=True,
            revenue=90.0,
        )
    add("demographics", demographic_id="d5", level="postcode", postcode="01101", income=41000.0)
    add("contacts", contact_id="k5")
    for offer in ("o1", "o2"):
        add("offers", offer_id=offer, eligible_stages="lead;purchaser")
    add("centres", centre="north")
    add("agents", agent_id="g1", centre="north", licences="life;motor")
    return made


@pytest.fixture(params=["parquet", "csv", "duckdb"])
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Insurer], Path]:
    """Write an insurer in each of the three forms that a source reads."""
    form = request.param
    target = tmp_path / "it's a world" / ("tables.duckdb" if form == "duckdb" else "tables")
    target.parent.mkdir()
    return lambda insurer: getattr(insurer, form)(target)
