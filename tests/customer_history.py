"""Builders of small customer histories: said row by row, or drawn at random from a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.contract import (
    ACTIVITY_KINDS,
    EVENT_KINDS,
    MEDIA,
    TABLES,
    Table,
    Type,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ARROW = {
    Type.TEXT: pa.string(),
    Type.NUMBER: pa.float64(),
    Type.WHOLE: pa.int64(),
    Type.FLAG: pa.bool_(),
    Type.TIME: pa.timestamp("us", tz="UTC"),
}


def days(count: float) -> timedelta:
    return timedelta(days=count)


@dataclass
class History:
    """Rows of the contract's tables; `at` is when, `known` when we could know (by default at)."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(
        self, table: str, *, at: datetime, known: datetime | None = None, **values: Any
    ) -> History:
        rows = self.rows.setdefault(table, [])
        row = _blank(TABLES[table]) | values | {"occurred_at": at, "known_at": known or at}
        key = TABLES[table].key[-1]
        if key not in values:
            row[key] = f"{table}-{len(rows)}"
        rows.append(row)
        return self

    def customer(
        self, customer_id: str = "ann", *, at: datetime | None = None, **values: Any
    ) -> History:
        return self.add("customers", at=at or NOW - days(900), customer_id=customer_id, **values)

    def event(self, kind: str, at: datetime, customer_id: str = "ann", **values: Any) -> History:
        return self.add("customer_events", at=at, customer_id=customer_id, kind=kind, **values)

    def activity(self, kind: str, at: datetime, customer_id: str = "ann", **values: Any) -> History:
        return self.add("activity_events", at=at, customer_id=customer_id, kind=kind, **values)

    def touch(self, medium: str, at: datetime, customer_id: str = "ann", **values: Any) -> History:
        return self.add("attributions", at=at, customer_id=customer_id, medium=medium, **values)

    def contact(self, at: datetime, customer_id: str | None = "ann", **values: Any) -> History:
        values = {"reached_agent": True, "known": at + timedelta(minutes=9)} | values
        return self.add("contacts", at=at, customer_id=customer_id, **values)

    def write(self, folder: Path) -> Path:
        """Write every table, empty ones too, as one Parquet file each."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES.values():
            rows = self.rows.get(table.name, [])
            columns = {
                column.name: pa.array([row[column.name] for row in rows], ARROW[column.type])
                for column in table.columns
            }
            pq.write_table(pa.table(columns), folder / f"{table.name}.parquet")
        return folder


def _blank(table: Table) -> dict[str, Any]:
    plain = {Type.TEXT: "some", Type.NUMBER: 1.0, Type.WHOLE: 1, Type.FLAG: False, Type.TIME: NOW}
    row = {
        column.name: None
        if column.nullable
        else column.allowed[0]
        if column.allowed
        else plain[column.type]
        for column in table.columns
    }
    return row | {"partner": "main"}


def drawn_history(rng: np.random.Generator, *, customers: int) -> History:
    """Return a random history over 400 days before NOW, a fifth of its rows known late."""
    history = History()
    people = [f"c{number:03}" for number in range(customers)]
    for number, person in enumerate(people):
        history.customer(
            person,
            at=NOW - days(float(rng.integers(1, 900))),
            postcode=f"p{number % 5}",
            phone="+1555" if rng.random() < 0.7 else None,
        )

    def draw(table: str, count: int, **choices: Any) -> None:
        for _ in range(count):
            at, known = _times(rng)
            values = {name: pick() for name, pick in choices.items()}
            history.add(table, at=at, known=known, **values)

    def anyone() -> str:
        return str(rng.choice(people))

    def amount() -> float:
        return float(np.round(rng.gamma(2.0, 70.0), 2))

    draw(
        "customer_events",
        25 * customers,
        customer_id=anyone,
        amount=amount,
        kind=lambda: str(rng.choice(EVENT_KINDS)),
    )
    draw(
        "activity_events",
        25 * customers,
        customer_id=anyone,
        kind=lambda: str(rng.choice(ACTIVITY_KINDS)),
    )
    draw(
        "attributions",
        5 * customers,
        customer_id=anyone,
        cost=amount,
        medium=lambda: str(rng.choice(MEDIA)),
    )
    draw(
        "demographics",
        customers,
        customer_id=anyone,
        level=lambda: "individual",
        income=lambda: float(rng.integers(9, 99)) * 1000 if rng.random() < 0.8 else None,
    )
    draw(
        "demographics",
        12,
        postcode=lambda: f"p{rng.integers(5)}",
        level=lambda: "postcode",
        income=lambda: float(rng.integers(9, 99)) * 1000,
        home_owner=rng.random,
    )
    draw(
        "contacts",
        3 * customers,
        reached_agent=lambda: bool(rng.random() < 0.8),
        customer_id=lambda: anyone() if rng.random() < 0.9 else None,
        offer_id=lambda: "term" if rng.random() < 0.5 else None,
        waited_seconds=lambda: float(rng.integers(0, 300)),
    )
    for contact in [c for c in history.rows["contacts"] if c["offer_id"] and c["customer_id"]]:
        history.add(
            "outcomes",
            at=contact["occurred_at"] + timedelta(minutes=5),
            known=contact["known_at"] + days(float(rng.integers(0, 9))),
            contact_id=contact["contact_id"],
            customer_id=contact["customer_id"],
            offer_id="term",
            accepted=bool(rng.random() < 0.3),
        )
    return history


def _times(rng: np.random.Generator) -> tuple[datetime, datetime]:
    at = NOW - timedelta(seconds=int(rng.integers(0, 400 * 86_400)))
    late = days(float(rng.integers(1, 40))) if rng.random() < 0.2 else timedelta(seconds=30)
    return at, at + late
