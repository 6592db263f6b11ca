"""The point-in-time join: every view at every instant asked for, in rounds of customers.

A round holds the customers of one range of ids, so that memory stays the same however many there
are; where the tables lie sorted by customer, a round reads only its own part of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from features.catalogue import VIEWS, View
from features.contract import TABLES
from features.errors import ContractError

SPINE = "spine"


@dataclass(frozen=True, slots=True)
class Round:
    """A range of customer ids, `lower` included, `upper` not; None is open."""

    lower: str | None
    upper: str | None


def rounds_of(connection: duckdb.DuckDBPyConnection, *, points: int) -> tuple[Round, ...]:
    """Cut the customers of table `spine` into ranges of about so many `points` (rows)."""
    lowers = connection.execute(
        f"SELECT DISTINCT customer_id FROM ("
        f"SELECT customer_id, ROW_NUMBER() OVER (ORDER BY customer_id) AS place FROM {SPINE}"
        f") WHERE place > 1 AND (place - 1) % {points} = 0 ORDER BY customer_id"
    ).fetchall()
    edges: list[str | None] = [None, *(row[0] for row in lowers), None]
    return tuple(Round(low, high) for low, high in pairwise(edges))


def open_round(connection: duckdb.DuckDBPyConnection, part: Round) -> int:
    """Narrow the tables to this round's customers, and return its number of distinct points."""
    held = _range(part)
    for table in TABLES.values():
        if "customer_id" in table.column_names:
            # A postcode's demographics belong to no customer and are read in every round.
            whole = " OR customer_id IS NULL" if table.name == "demographics" else ""
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {table.name} AS "
                f"SELECT * FROM memory.main.{table.name} WHERE {held}{whole}"
            )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE points AS "
        f"SELECT DISTINCT customer_id, as_of FROM {SPINE} WHERE {held}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW spine_round AS SELECT * FROM {SPINE} WHERE {held}"
    )
    return rows_in(connection, table="points")


def compute_view(connection: duckdb.DuckDBPyConnection, view: View, *, points: int) -> None:
    """Make table `view_<name>`: one row per point of the round, or ContractError."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE view_{view.name} AS {view.sql}")
    made = rows_in(connection, table=f"view_{view.name}")
    if made != points:
        raise ContractError(
            f"The view '{view.name}' has {made:,} rows for {points:,} customers and instants.",
            fix="A key is not unique: run `callworth check` on these tables and pass its "
            "quarantine, which leaves the repeated rows out.",
        )


def joined_sql(columns: Sequence[str], *, order: str) -> str:
    """Return the query of a round's frame: `columns` (of the spine, or `stage`), then features.

    Every view was computed at exactly these instants, of what was known before them, so that the
    point-in-time join is an equality: five times less work than ASOF (docs/decisions/012).
    """
    features = ",\n".join(
        f"  {view.name}.{feature.name}" for view in VIEWS for feature in view.features
    )
    joins = "\n".join(
        f"JOIN view_{view.name} AS {view.name}\n"
        f"  ON {view.name}.customer_id = s.customer_id AND {view.name}.as_of = s.as_of"
        for view in VIEWS
    )
    chosen = ",\n".join(f"  {name}" if "." in name else f"  s.{name}" for name in columns)
    return (
        f"SELECT\n{chosen},\n{features}\nFROM spine_round AS s\n{joins}\n"
        f"ORDER BY s.customer_id, {order}"
    )


def rows_in(connection: duckdb.DuckDBPyConnection, *, table: str) -> int:
    """Return how many rows a table of the session has."""
    ((rows,),) = connection.execute(f"SELECT COUNT(*) FROM {table}").fetchall()
    return int(rows)


def _range(part: Round) -> str:
    edges = ((">=", part.lower), ("<", part.upper))
    return (
        " AND ".join(f"customer_id {sign} {_text(edge)}" for sign, edge in edges if edge) or "TRUE"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
