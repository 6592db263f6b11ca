"""The labelled (contact, offer) pairs of each signal, from the training frame and the tables.

Let W be the answer window (14 days), S the settling time in which what happened becomes known
(7 days), M the offer's maturity period, T the instant to look from. A time is over when S has
passed since it too. Nothing known at or after T is looked at. A pair is presented when that offer
was.

accept     presented, W is over at T. 1 when the outcome says accepted.
lapse      accepted, M is over since the sale. 1 when the product lapsed within M.
keep       presented, W + M is over. 1 when accepted and not lapsed.
value      presented, W + M is over. Revenue if kept, minus the lapse cost if lapsed, else 0.
baseline   nothing presented though something could have been, each offer that the partner sells
           to the stage, W is over. 1 when the customer bought it anyway.

`keep` and `value` leave out every pair of the immature time, the refusals too: with the refusals
alone, the last months would seem to sell nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.contract import ALL_PARTNERS
from features.quarantine import open_checked
from models.model_set import Count
from models.signals import Signal

# A purchase counts as the answer to a contact when it comes within this time of it.
ANSWER_DAYS = 14
# What happened becomes known some days later: nothing is judged before that has passed too.
SETTLING_DAYS = 7
_CLOSING_DAYS = ANSWER_DAYS + SETTLING_DAYS

_LABELLED = f"""
CREATE TEMP TABLE labelled AS
SELECT frame.row, offers.place AS offer, frame.offer_id IS NOT NULL AS presented,
  coalesce(outcomes.accepted, false) AS accepted,
  coalesce(outcomes.revenue, 0.0) AS revenue,
  offers.lapse_cost,
  lapses.customer_id IS NOT NULL AS lapsed,
  frame.as_of + INTERVAL {_CLOSING_DAYS} DAY <= $as_of AS answered,
  frame.as_of + to_days(CAST({_CLOSING_DAYS} + offers.maturity_days AS INTEGER)) <= $as_of
    AS mature,
  outcomes.occurred_at + to_days(CAST({SETTLING_DAYS} + offers.maturity_days AS INTEGER)) <= $as_of
    AS sale_mature
FROM frame
JOIN placed AS offers ON CASE WHEN frame.offer_id IS NOT NULL
  THEN offers.offer_id = frame.offer_id
  ELSE coalesce(frame.offer_probability, 1.0) < 1.0
    AND offers.partner IN (frame.partner, '{ALL_PARTNERS}')
    AND list_contains(string_split(offers.eligible_stages, ';'), frame.stage) END
LEFT JOIN outcomes ON outcomes.contact_id = frame.contact_id
  AND outcomes.offer_id = offers.offer_id AND outcomes.known_at < $as_of
  AND outcomes.occurred_at < frame.as_of + INTERVAL {ANSWER_DAYS} DAY
LEFT JOIN lateral_lapses AS lapses ON lapses.contact_id = frame.contact_id
  AND lapses.offer_id = offers.offer_id
"""

_LAPSES = """
CREATE TEMP TABLE lateral_lapses AS
SELECT DISTINCT outcomes.contact_id, outcomes.offer_id, outcomes.customer_id
FROM outcomes JOIN placed USING (offer_id)
JOIN customer_events AS events ON events.customer_id = outcomes.customer_id
  AND events.kind = 'lapse' AND events.product = placed.product
  AND events.occurred_at > outcomes.occurred_at
  AND events.occurred_at <= outcomes.occurred_at + to_days(CAST(placed.maturity_days AS INTEGER))
  AND events.known_at < $as_of
WHERE outcomes.accepted AND outcomes.known_at < $as_of
"""

# Which pairs a signal takes, and its label.
_SIGNALS = {
    Signal.ACCEPT: ("presented AND answered", "accepted"),
    Signal.LAPSE: ("presented AND accepted AND sale_mature", "lapsed"),
    Signal.KEEP: ("presented AND mature", "accepted AND NOT lapsed"),
    Signal.VALUE: (
        "presented AND mature",
        "CASE WHEN NOT accepted THEN 0.0 WHEN lapsed THEN -lapse_cost ELSE revenue END",
    ),
    Signal.BASELINE: ("NOT presented AND answered", "accepted"),
}


@dataclass(frozen=True, slots=True)
class Pairs:
    """One signal's labelled pairs: the row of the frame, the offer's index, label and weight."""

    row: NDArray[np.intp]
    offer: NDArray[np.intp]
    label: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class LabelledPairs:
    """The pairs of every signal that has any; `offer_ids` are in the order of their index."""

    offer_ids: tuple[str, ...]
    pairs: dict[Signal, Pairs]
    counts: tuple[Count, ...]


def label_pairs(
    frame: Path,
    *,
    tables: Path,
    quarantine: Path,
    as_of: datetime,
    baseline_rows: int,
    rng: np.random.Generator,
) -> LabelledPairs:
    """Return the pairs of the training frame at `frame`, in its row order.

    Rows of `tables` that their check set aside in `quarantine` count for nothing. Of more than
    `baseline_rows` baseline pairs a random sample is kept, weighted up.
    Raises DataNotFoundError when the tables are not there.
    """
    source = open_checked(tables, quarantine=quarantine)
    source.require(("contacts", "outcomes", "offers"))
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        source.attach(connection, absent=True)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            "CREATE TEMP VIEW frame AS SELECT file_row_number AS row, contact_id, partner, as_of, "
            f"stage, offer_id, offer_probability FROM read_parquet('{_quoted(frame)}', "
            "file_row_number = true)"
        )
        connection.execute(
            "CREATE TEMP TABLE placed AS SELECT *, row_number() OVER (ORDER BY offer_id) - 1 "
            "AS place FROM (SELECT DISTINCT ON (offer_id) * FROM offers)"
        )
        connection.execute(_LAPSES, {"as_of": as_of})
        connection.execute(_LABELLED, {"as_of": as_of})
        offers = connection.execute("SELECT offer_id FROM placed ORDER BY place").fetchall()
        pairs = {signal: _pairs(connection, *query) for signal, query in _SIGNALS.items()}
        counts = _counts(connection, pairs)
    pairs[Signal.BASELINE] = _sampled(pairs[Signal.BASELINE], baseline_rows, rng)
    return LabelledPairs(
        offer_ids=tuple(str(offer) for (offer,) in offers),
        pairs={signal: found for signal, found in pairs.items() if len(found)},
        counts=counts,
    )


def _pairs(connection: duckdb.DuckDBPyConnection, condition: str, label: str) -> Pairs:
    found: dict[str, NDArray[Any]] = connection.execute(
        f"SELECT row, offer, CAST({label} AS DOUBLE) AS label FROM labelled "
        f"WHERE {condition} ORDER BY row, offer"
    ).fetchnumpy()
    return Pairs(
        row=np.asarray(found["row"], dtype=np.intp),
        offer=np.asarray(found["offer"], dtype=np.intp),
        label=np.asarray(found["label"], dtype=np.float64),
        weight=np.ones(len(found["row"])),
    )


def _counts(connection: duckdb.DuckDBPyConnection, pairs: dict[Signal, Pairs]) -> tuple[Count, ...]:
    """Return how many rows each filter left."""
    queries = {
        "contacts": "SELECT count(*) FROM contacts",
        "contacts that reached an agent": "SELECT count(*) FROM contacts WHERE reached_agent",
        "contacts in the training frame": "SELECT count(*) FROM frame",
        "contacts with an offer presented": (
            "SELECT count(DISTINCT row) FROM labelled WHERE presented"
        ),
        "presented pairs past answer and settling": (
            "SELECT count(*) FROM labelled WHERE presented AND answered"
        ),
        "presented pairs past maturity and settling": (
            "SELECT count(*) FROM labelled WHERE presented AND mature"
        ),
    }
    counts = [Count(step, _number(connection, query)) for step, query in queries.items()]
    return (*counts, *(Count(f"pairs of {signal}", len(found)) for signal, found in pairs.items()))


def _number(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _sampled(pairs: Pairs, most: int, rng: np.random.Generator) -> Pairs:
    if len(pairs) <= most:
        return pairs
    kept = np.sort(rng.choice(len(pairs), most, replace=False))
    return Pairs(
        pairs.row[kept],
        pairs.offer[kept],
        pairs.label[kept],
        np.full(most, len(pairs) / most),
    )


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
