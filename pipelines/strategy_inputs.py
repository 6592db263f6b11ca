"""What forming strategies reads from the tables: the offers, and the pools' shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from features.contract import ALL_PARTNERS
from features.errors import ContractError
from features.quarantine import open_checked
from routing.offers import Offer

NEEDED = ("customers", "offers", "agents")
_MEMORY = "192MB"  # joins and sorts beyond this go to disk, so that more customers cost no memory
# Where a partner has no agents in the table: a third of its callers go to the first group.
DEFAULT_FIRST_SHARE = 1 / 3


@contextmanager
def opened(tables: Path, *, quarantine: Path, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a session over the tables that spills to the folder `spill`.

    Raises DataNotFoundError where a needed table is absent.
    """
    source = open_checked(tables, quarantine=quarantine)
    source.require(NEEDED)
    settings = {"threads": 2, "memory_limit": _MEMORY, "temp_directory": str(spill)}
    with duckdb.connect(config=settings) as connection:
        connection.execute("SET preserve_insertion_order = false")
        source.attach(connection)
        yield connection


def offers_by_partner(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[Offer, ...]]:
    """Return every partner's offers, its own and the shared, in the order of their ids.

    Raises ContractError when a partner with customers has none.
    """
    found: dict[str, tuple[Offer, ...]] = dict.fromkeys(_partners(connection), ())
    rows = connection.execute(
        f"""
        SELECT {_OWNER}, offer_id, name, margin, presentation_cost, lapse_cost, licence,
               eligible_stages, maturity_days
        FROM offers JOIN partners ON offers.partner IN (partners.partner, '{ALL_PARTNERS}')
        ORDER BY ALL
        """
    ).fetchall()
    for partner, offer_id, name, margin, cost, lapse_cost, licence, stages, maturity in rows:
        eligible = frozenset(stage.strip() for stage in stages.split(";") if stage.strip())
        offer = Offer(offer_id, name, margin, cost, lapse_cost, licence, eligible, maturity)
        found[partner] = (*found[partner], offer)
    without = [partner for partner, offers in found.items() if not offers]
    if without:
        raise ContractError(
            f"The offers table has no offer of {', '.join(without)}.",
            fix=f"Give each partner a row in offers, or share rows: partner '{ALL_PARTNERS}'.",
        )
    return found


def first_shares(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Return the share of each partner's agents, its own and the shared, in the first pool."""
    _partners(connection)
    rows = connection.execute(
        f"""
        SELECT {_OWNER}, avg(CASE WHEN pool = 'first' THEN 1.0 ELSE 0.0 END)
        FROM agents JOIN partners ON agents.partner IN (partners.partner, '{ALL_PARTNERS}')
        GROUP BY ALL
        """
    ).fetchall()
    return dict(rows)


_OWNER = "partners.partner"


def _partners(connection: duckdb.DuckDBPyConnection) -> list[str]:
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS partners AS SELECT DISTINCT partner FROM customers"
    )
    return [name for (name,) in connection.execute("FROM partners ORDER BY 1").fetchall()]


class StoredValues:
    """The grouping values of one partner's customers, in a view of the session: routing's Values.

    Sorting happens in the session, on disk where it must, so no array of all customers is held.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, view: str, partner: str) -> None:
        self._connection = connection
        self._from = f"FROM {view} WHERE partner = ?"
        self._partner = partner

    def _one(self, sql: str, *values: Any) -> Any:
        # All rows are fetched: DuckDB holds the session until a result is read to its end.
        ((found,),) = self._connection.execute(sql, [self._partner, *values]).fetchall()
        return found

    def count(self) -> int:
        """Return how many there are."""
        return int(self._one(f"SELECT count(*) {self._from}"))

    def largest(self, place: int) -> float:
        """Return the value at that place, counted from 1 for the largest."""
        return float(
            self._one(
                f"SELECT grouping_value {self._from} ORDER BY 1 DESC LIMIT 1 OFFSET ?", place - 1
            )
        )

    def at_least(self, value: float) -> int:
        """Return how many are `value` or more."""
        return int(self._one(f"SELECT count(*) {self._from} AND grouping_value >= ?", value))

    def least_above(self, value: float) -> float | None:
        """Return the smallest value above, or None."""
        found = self._one(f"SELECT min(grouping_value) {self._from} AND grouping_value > ?", value)
        return None if found is None else float(found)


def offer_names(tables: Path, *, quarantine: Path) -> dict[str, str]:
    """Return the names of all partners' offers by id, in order; DataNotFoundError without any."""
    source = open_checked(tables, quarantine=quarantine)
    source.require(("offers",))
    with duckdb.connect(config={"threads": 1}) as connection:
        source.attach(connection)
        rows = connection.execute("SELECT offer_id, min(name) FROM offers GROUP BY 1 ORDER BY 1")
        return {str(offer_id): str(name) for offer_id, name in rows.fetchall()}
