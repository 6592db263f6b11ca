"""Stored features brought up to date against the engine's: how many values are off, and the time.

The engine computes every customer so many hours ago and again now; between the two lie the rows
that have become known meanwhile. We carry the earlier vector on, told of those rows or not, and
count the values that differ. The time is of one customer, in this process, beside the engine's:
`python -m benchmarks.fresh_values --home callworth-home`.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from features.catalogue import FEATURES, VIEWS
from features.engine import Limits, open_session
from features.frame import build_population
from features.fresh import fresh_values
from features.fresh_events import FreshEvent, event, outcome, past_contact, touch
from features.point_in_time import compute_view, open_round, rounds_of
from features.source import open_source

NAMES = tuple(feature.name for feature in FEATURES)
HOURS = (1, 8, 24, 48)
TIMED_CUSTOMERS = 2_000
Row = dict[str, Any]


def computed(tables: Path, *, as_of: datetime) -> dict[str, Row]:
    """Return the engine's values of every customer."""
    with tempfile.TemporaryDirectory() as folder:
        frame = pq.read_table(build_population(tables, home=Path(folder), as_of=as_of))
    return {row["customer_id"]: row for row in frame.to_pylist()}


def happened(
    tables: Path, *, since: datetime, until: datetime
) -> tuple[dict[str, list[FreshEvent]], int]:
    """Return by customer what became known meanwhile, and how much of it had occurred before."""
    connection = duckdb.connect()
    open_source(tables).attach(connection)
    found: dict[str, list[FreshEvent]] = defaultdict(list)
    for customer, one in _rows(connection, since=since, until=until):
        found[customer].append(one)
    late = sum(one.occurred_at < since for events in found.values() for one in events)
    return found, late


def _rows(
    connection: duckdb.DuckDBPyConnection, *, since: datetime, until: datetime
) -> Iterator[tuple[str, FreshEvent]]:
    def read(columns: str, table: str) -> list[Any]:
        return connection.execute(
            f"SELECT customer_id, occurred_at, {columns} FROM {table} "
            "WHERE known_at >= ? AND known_at < ? AND customer_id IS NOT NULL",
            [since, until],
        ).fetchall()

    for who, at, kind, amount in read("kind, amount", "customer_events"):
        yield who, event(kind, occurred_at=at, amount=amount)
    for who, at, kind in read("kind", "activity_events"):
        yield who, event(kind, occurred_at=at)
    for who, at, medium, cost in read("medium, cost", "attributions"):
        yield who, touch(medium, occurred_at=at, cost=cost)
    shown = "waited_seconds, reached_agent, offer_id IS NOT NULL"
    for who, at, waited, reached, presented in read(shown, "contacts"):
        yield (
            who,
            past_contact(
                occurred_at=at, waited_seconds=waited, reached_agent=reached, presented=presented
            ),
        )
    for who, at, accepted in read("accepted", "outcomes"):
        yield who, outcome(occurred_at=at, accepted=accepted)


def carried(row: Row, events: Sequence[FreshEvent], *, now: datetime) -> Row:
    fresh = fresh_values(
        [row[name] for name in NAMES],
        names=NAMES,
        stage=row["stage"],
        events=events,
        as_of=row["as_of"],
        now=now,
    )
    return dict(zip(NAMES, fresh.values, strict=True))


def off(row: Row, engine: Row) -> int:
    """Return how many values differ by more than the last digits of a float."""
    return sum(not _same(row[name], engine[name]) for name in NAMES)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def compare(tables: Path, *, now: datetime, engine: dict[str, Row], hours: float) -> None:
    since = now - timedelta(hours=hours)
    stored = computed(tables, as_of=since)
    told, late = happened(tables, since=since, until=now)
    values = len(stored) * len(NAMES)
    shares = [
        100 * sum(off(make(who, row), engine[who]) for who, row in stored.items()) / values
        for make in (
            lambda who, row: row,
            lambda who, row: carried(row, (), now=now),
            lambda who, row: carried(row, told.get(who, ()), now=now),
        )
    ]
    rows = sum(map(len, told.values()))
    print(
        f"{hours:3} hours: {shares[0]:6.3f} % off as stored, {shares[1]:6.3f} % by time alone, "
        f"{shares[2]:6.3f} % told of {rows:,} rows ({late:,} had occurred before)"
    )


def timed(engine: dict[str, Row], *, events: int) -> float:
    """Return the median microseconds of one call, nine hours on."""
    kinds = ("enquiry", "claim", "page_view")[:events]
    taken = []
    for row in list(engine.values())[:TIMED_CUSTOMERS]:
        values, now = [row[name] for name in NAMES], row["as_of"] + timedelta(hours=9)
        happened_now = [event(kind, occurred_at=now, amount=100.0) for kind in kinds]
        began = time.perf_counter_ns()
        fresh_values(
            values,
            names=NAMES,
            stage=row["stage"],
            events=happened_now,
            as_of=row["as_of"],
            now=now,
        )
        taken.append((time.perf_counter_ns() - began) / 1e3)
    return statistics.median(taken)


def engine_milliseconds(tables: Path, *, customer: str, now: datetime) -> float:
    """Return the median milliseconds of the engine for one customer, over an open session."""
    taken = []
    with (
        tempfile.TemporaryDirectory() as folder,
        open_session(open_source(tables), spill=Path(folder), limits=Limits()) as connection,
    ):
        connection.execute(
            "CREATE TEMP TABLE spine AS SELECT customer_id, partner, CAST(? AS TIMESTAMPTZ) AS "
            "as_of FROM memory.main.customers WHERE customer_id = ?",
            [now, customer],
        )
        (part,) = rounds_of(connection, points=1)
        for _ in range(5):
            began = time.perf_counter()
            points = open_round(connection, part)
            for view in VIEWS:
                compute_view(connection, view, points=points)
            taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


def chose_just_before(training: Path) -> tuple[int, float]:
    """Return how many voice contacts there are, and the share with a menu choice in the hour."""
    ((contacts, share),) = duckdb.execute(
        "SELECT COUNT(*), AVG(CASE WHEN days_since_last_voice_menu < 1 / 24 THEN 1 ELSE 0 END) "
        "FROM read_parquet(?) WHERE channel = 'voice'",
        [str(training)],
    ).fetchall()
    return contacts, share


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("callworth-home"))
    home = parser.parse_args().home
    tables = home / "tables"
    now = datetime.fromisoformat(json.loads((tables / "world.json").read_text())["until"])
    engine = computed(tables, as_of=now)
    print(f"{len(engine):,} customers x {len(NAMES)} features")
    for hours in HOURS:
        compare(tables, now=now, engine=engine, hours=hours)
    for events in (0, 1, 3):
        print(f"{events} events: {timed(engine, events=events):6.1f} us a customer")
    taken = engine_milliseconds(tables, customer=next(iter(engine)), now=now)
    print(f"the engine: {taken:6.1f} ms a customer, session open")
    contacts, share = chose_just_before(home / "features" / "training.parquet")
    print(f"{contacts:,} voice contacts to learn from, {share:.2%} with a menu choice in the hour")


if __name__ == "__main__":
    main()
