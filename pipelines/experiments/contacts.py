"""The contacts of an experiment, from the decision log or the tables, and what they brought."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.errors import DataNotFoundError
from features.quarantine import open_checked

# Only contacts that had something to present: a chance of 1 means that there was no choice. A
# router may ask twice for one contact: the first answer counts.
_LOG = """
WITH asked AS (
  SELECT contact_id, coalesce(partner, '') AS partner, decision_id, customer_id, decided_at, arm
  FROM decisions WHERE probability < 1 AND customer_id IS NOT NULL
), first AS (
  SELECT contact_id, partner, customer_id, min(decided_at) AS at, arm
  FROM asked WHERE decided_at >= :begins AND decided_at < :until GROUP BY contact_id, partner
), sales AS (
  SELECT contact_id, partner, sum(coalesce(revenue, 0)) AS revenue
  FROM outcomes JOIN asked USING (decision_id) JOIN first USING (contact_id, partner)
  WHERE accepted AND strftime('%s', occurred_at) - strftime('%s', at) < :answer_seconds
  GROUP BY contact_id, partner
)
SELECT customer_id, strftime('%s', at) / 60, arm <> 'off', sales.contact_id IS NOT NULL,
       coalesce(revenue, 0.0)
FROM first LEFT JOIN sales USING (contact_id, partner) ORDER BY at, first.contact_id
"""

_TABLES = """
WITH judged AS (
  SELECT contact_id, customer_id, offer_id, arm, occurred_at AS began FROM contacts
  WHERE customer_id IS NOT NULL AND (offer_id IS NOT NULL OR offer_probability < 1)
    AND offer_probability IS NOT NULL AND occurred_at >= $begins AND occurred_at < $until
), sales AS (
  SELECT contact_id, sum(revenue) AS revenue FROM outcomes JOIN judged USING (contact_id)
  WHERE accepted AND outcomes.occurred_at < began + to_days($answer_days) GROUP BY contact_id
), costs AS (
  SELECT offer_id, max(presentation_cost) AS cost FROM offers GROUP BY offer_id
)
SELECT customer_id, epoch_us(began) // 60000000 AS minute, arm <> 'off' AS presented,
       sales.contact_id IS NOT NULL AS bought, coalesce(revenue, 0.0) - coalesce(cost, 0.0) AS money
FROM judged LEFT JOIN sales USING (contact_id) LEFT JOIN costs USING (offer_id)
ORDER BY began, judged.contact_id
"""


@dataclass(frozen=True, slots=True)
class Contacts:
    """One element a contact: who, when (minutes since 1970), the arm logged, what it brought.

    `customer` is a place in `customer_ids`; `money` is what was bought within the days waited for,
    less the cost of presenting where `source` knows it.
    """

    customer_ids: NDArray[np.str_]
    customer: NDArray[np.int64]
    minute: NDArray[np.int64]
    logged_on: NDArray[np.bool_]
    bought: NDArray[np.float64]
    money: NDArray[np.float64]
    source: str

    def __len__(self) -> int:
        return len(self.customer)


def from_log(file: Path, *, begins: datetime, until: datetime, answer_days: int) -> Contacts:
    """Return the contacts that the server decided in [begins, until); DataNotFoundError if none."""
    if not file.exists():
        raise DataNotFoundError(
            f"There is no decision log at '{file}'.",
            fix="Let `callworth serve` answer, or name tables with contacts: --tables FOLDER.",
        )
    known = {
        "begins": _text(begins),
        "until": _text(until),
        "answer_seconds": answer_days * 86_400,
    }
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(_LOG, known).fetchall()
    return _contacts(list(zip(*rows, strict=True)) or [()] * 5, source="the decision log")


def from_tables(
    home: Path, *, tables: Path, begins: datetime, until: datetime, answer_days: int
) -> Contacts:
    """Return the contacts of the tables in [begins, until)."""
    source = open_checked(tables, quarantine=home / "quarantine")
    source.require(("contacts", "outcomes", "offers"))
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        source.attach(connection)
        known = {"begins": begins, "until": until, "answer_days": answer_days}
        found = connection.execute(_TABLES, known).fetchnumpy()
    columns = [np.asarray(found[name]) for name in ("customer_id", "minute", "presented")]
    columns += [np.asarray(found[name]) for name in ("bought", "money")]
    return _contacts(columns, source=f"the tables in {tables}")


def settled_before(as_of: datetime, *, answer_days: int) -> datetime:
    """Return until when a contact is old enough for its purchases to be known."""
    return as_of - timedelta(days=answer_days)


def _contacts(
    columns: Sequence[Sequence[object] | NDArray[np.generic]], *, source: str
) -> Contacts:
    who, minute, presented, bought, money = columns
    ids, customer = np.unique(np.asarray(who, dtype=np.str_), return_inverse=True)
    return Contacts(
        ids,
        np.asarray(customer, dtype=np.int64),
        np.asarray(minute, dtype=np.int64),
        np.asarray(presented, dtype=bool),
        np.asarray(bought, dtype=np.float64),
        np.asarray(money, dtype=np.float64),
        source,
    )


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
