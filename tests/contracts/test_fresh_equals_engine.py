"""The demo's insurer a day on: what is carried on is what the engine computes anew."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from features.catalogue import FEATURES
from features.frame import build_population
from features.fresh import fresh_values
from features.fresh_events import FreshEvent, event, outcome, past_contact, touch
from features.source import open_source
from pipelines.insurer import generate

NAMES = tuple(feature.name for feature in FEATURES)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SINCE = NOW - timedelta(days=4)
# These may be off by a row that has left the window; everything else must be the engine's.
WINDOWS = tuple(name for name in NAMES if name.endswith(("_days", "_trend")))


def population(tables: Path, home: Path, *, as_of: datetime) -> dict[str, dict[str, Any]]:
    frame = pq.read_table(build_population(tables, home=home, as_of=as_of))
    return {row["customer_id"]: row for row in frame.to_pylist()}


def meanwhile(tables: Path) -> tuple[dict[str, list[FreshEvent]], set[str]]:
    """Return what became known by customer, and of whom something else or older became known."""
    connection = duckdb.connect()
    open_source(tables).attach(connection)
    events: dict[str, list[FreshEvent]] = {}
    others: set[str] = set()

    def rows(table: str, columns: str) -> list[Any]:
        return connection.execute(
            f"SELECT customer_id, occurred_at, {columns} FROM {table} "
            "WHERE known_at >= ? AND known_at < ? AND customer_id IS NOT NULL",
            [SINCE, NOW],
        ).fetchall()

    def tell(customer: str, one: FreshEvent) -> None:
        events.setdefault(customer, []).append(one)
        if one.occurred_at < SINCE:
            others.add(customer)

    for who, at, kind, amount in rows("customer_events", "kind, amount"):
        tell(who, event(kind, occurred_at=at, amount=amount))
    for who, at, kind in rows("activity_events", "kind"):
        tell(who, event(kind, occurred_at=at))
    for who, at, medium, cost in rows("attributions", "medium, cost"):
        tell(who, touch(medium, occurred_at=at, cost=cost))
    for who, at, waited, reached, presented in rows(
        "contacts", "waited_seconds, reached_agent, offer_id IS NOT NULL"
    ):
        tell(
            who,
            past_contact(
                occurred_at=at, waited_seconds=waited, reached_agent=reached, presented=presented
            ),
        )
    for who, at, accepted in rows("outcomes", "accepted"):
        tell(who, outcome(occurred_at=at, accepted=accepted))
    for table in ("customers", "demographics"):
        others.update(who for who, *_ in rows(table, "partner"))
    return events, others


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return bool(ours == theirs)


def test_values_carried_on_over_days_of_the_insurer_are_the_engines(tmp_path: Path) -> None:
    tables = generate(tmp_path / "tables", customers=3_000, until=NOW)
    stored = population(tables, tmp_path, as_of=SINCE)
    engine = population(tables, tmp_path, as_of=NOW)
    events, others = meanwhile(tables)
    told = off = 0

    for who in stored.keys() - others:
        row, happened = stored[who], events.get(who, [])
        told += len(happened)
        fresh = fresh_values(
            [row[name] for name in NAMES],
            names=NAMES,
            stage=row["stage"],
            events=happened,
            as_of=SINCE,
            now=NOW,
        )
        assert (fresh.stage, fresh.left_out) == (engine[who]["stage"], 0)
        wrong = [
            name
            for name, value in zip(NAMES, fresh.values, strict=True)
            if not same(value, engine[who][name])
        ]
        assert set(wrong) <= set(WINDOWS), who
        off += len(wrong)

    assert told > 100
    assert off < 0.005 * len(stored) * len(NAMES)
