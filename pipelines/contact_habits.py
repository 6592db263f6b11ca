"""How often each customer contacts us, on which weekdays, and what was presented to them.

The expected contacts of a customer are those of a Poisson process whose rate is drawn around the
mean of the customer's stage (a gamma prior, worth PRIOR_DAYS of watching): own contacts and what
others at the stage do are weighed by how long the customer was watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import numpy as np
from numpy.typing import NDArray

WATCHED_DAYS = 365
PRIOR_DAYS = 90
# So many presentations, and as many contacts without, say how much longer presenting takes.
_LEAST_CONTACTS = 100
_STANDARD_ERRORS = 1.96

# Contacts that reached an agent: on others nothing can be presented, and no minutes are used.
_REACHED = """
CREATE TEMP TABLE reached AS
SELECT partner, customer_id, occurred_at, offer_id, reason, handled_seconds FROM contacts
WHERE reached_agent AND occurred_at < $as_of AND known_at <= $as_of AND occurred_at >= $since
"""
_HABITS = """
CREATE TEMP TABLE habits AS
WITH watched AS (
    SELECT s.partner, s.customer_id, s.stage,
           least($days, greatest(1.0, epoch($as_of - c.occurred_at) / 86400.0)) AS days
    FROM scored AS s JOIN customers AS c USING (partner, customer_id)
), own AS (
    SELECT partner, customer_id, count(*) AS contacts,
           count(*) FILTER (offer_id IS NOT NULL AND occurred_at >= $period) AS presented
    FROM reached WHERE customer_id IS NOT NULL GROUP BY ALL
), joined AS (
    SELECT watched.*, coalesce(contacts, 0) AS contacts, coalesce(presented, 0) AS presented
    FROM watched LEFT JOIN own USING (partner, customer_id)
), stages AS (
    SELECT stage, sum(contacts) / sum(days) AS mean FROM joined GROUP BY stage
)
SELECT partner, customer_id, presented,
       (contacts + mean * $prior) / (days + $prior) AS contacts_a_day
FROM joined JOIN stages USING (stage)
"""
_LAST = """
CREATE TEMP TABLE last_presented AS
SELECT partner, customer_id, offer_id, epoch($as_of - max(occurred_at)) / 86400.0 AS days
FROM reached WHERE offer_id IS NOT NULL AND customer_id IS NOT NULL GROUP BY ALL
"""
_MINUTES = """
WITH with_offer AS (
    SELECT offer_id, count(*) AS contacts, avg(handled_seconds) AS mean,
           var_samp(handled_seconds) / count(*) AS error
    FROM reached WHERE offer_id IS NOT NULL GROUP BY 1
), without AS (
    SELECT count(*) AS contacts, avg(handled_seconds) AS mean,
           var_samp(handled_seconds) / count(*) AS error
    FROM reached WHERE offer_id IS NULL
)
SELECT offer_id, (w.mean - o.mean) / 60.0 FROM with_offer AS w, without AS o
WHERE least(w.contacts, o.contacts) >= $least
  AND w.mean - o.mean > $errors * sqrt(w.error + o.error)
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Habits:
    """What holds for all: shares of the weekdays (7,), Monday first, and minutes by offer id.

    `presentation_minutes` has the offers whose presentation is known to take longer, by the log.
    """

    weekday_shares: NDArray[np.float64]
    presentation_minutes: dict[str, float]


def learn_habits(
    connection: duckdb.DuckDBPyConnection, *, as_of: datetime, horizon_days: float
) -> Habits:
    """Fill the session's tables `habits` and `last_presented` for all of `scored`.

    The last year before `as_of` counts; presentations within the last `horizon_days` are those
    that a cap counts as made so far.
    """
    since = as_of - timedelta(days=WATCHED_DAYS)
    connection.execute(_REACHED, {"as_of": as_of, "since": since})
    connection.execute(
        _HABITS,
        {
            "as_of": as_of,
            "period": as_of - timedelta(days=horizon_days),
            "prior": PRIOR_DAYS,
            "days": _watched_days(connection, as_of=as_of),
        },
    )
    connection.execute(_LAST, {"as_of": as_of})
    minutes = connection.execute(
        _MINUTES, {"least": _LEAST_CONTACTS, "errors": _STANDARD_ERRORS}
    ).fetchall()
    return Habits(_weekday_shares(connection), dict(minutes))


def _watched_days(connection: duckdb.DuckDBPyConnection, *, as_of: datetime) -> float:
    """Return how long contacts have been recorded, in days, a year at most."""
    ((first,),) = connection.execute("SELECT min(occurred_at) FROM reached").fetchall()
    return max((as_of - first) / timedelta(days=1), 1.0) if first else float(WATCHED_DAYS)


def _weekday_shares(connection: duckdb.DuckDBPyConnection) -> NDArray[np.float64]:
    """Return (7,) shares of contacts, Monday first; one contact is added to each day."""
    counts = np.ones(7)
    rows = connection.execute(
        "SELECT isodow(occurred_at AT TIME ZONE 'UTC'), count(*) FROM reached GROUP BY 1"
    ).fetchall()
    for weekday, count in rows:
        counts[weekday - 1] += count
    return np.asarray(counts / counts.sum())
