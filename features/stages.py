"""Stages: where a customer stands as of an instant, from the events known by then."""

from __future__ import annotations

from collections.abc import Iterable

from features.contract import Kind, Stage
from features.feature import Feature

# The furthest stage first: a customer stands at the first one that an event ever led to.
LEADS_TO: dict[Stage, tuple[str, ...]] = {
    Stage.PURCHASER: ("issue", "purchase"),
    Stage.NEW_BUSINESS: ("application",),
    Stage.LEAD: ("enquiry",),
}

STAGE_FEATURES = (
    Feature(
        "days_in_stage",
        Kind.CONTINUOUS,
        "stage",
        "{value:,.0f} days in the present stage",
        one="a day in the present stage",
        zero="reached the present stage today",
    ),
    Feature(
        "days_known",
        Kind.CONTINUOUS,
        "stage",
        "known to us for {value:,.0f} days",
        one="known to us for a day",
        zero="new to us today",
        unknown="not yet known to us",
    ),
)


def stage_of(kinds: Iterable[str]) -> Stage:
    """Return the stage of a customer with events of these kinds."""
    found = set(kinds)
    for stage, leading in LEADS_TO.items():
        if found.intersection(leading):
            return stage
    return Stage.PROSPECT


def stage_sql() -> str:
    """Return the query of the stage view: `stage`, `days_in_stage` and `days_known`.

    The days run from the first event that led to the stage; a prospect's from the first day we
    knew the customer. They are empty where the customer record was not yet known.
    """
    firsts = ",\n".join(
        f"    MIN(CASE WHEN r.kind IN ({_quoted(kinds)}) THEN r.occurred_at END) AS {stage}_from"
        for stage, kinds in LEADS_TO.items()
    )
    chosen = "\n".join(f"    WHEN {stage}_from IS NOT NULL THEN '{stage}'" for stage in LEADS_TO)
    since = ", ".join(f"{stage}_from" for stage in LEADS_TO)
    kinds = _quoted(tuple(kind for leading in LEADS_TO.values() for kind in leading))
    return f"""SELECT
  f.customer_id,
  f.as_of,
  CASE
{chosen}
    ELSE '{Stage.PROSPECT}'
  END AS stage,
  (EPOCH(f.as_of) - EPOCH(COALESCE({since}, c.occurred_at))) / 86400.0 AS days_in_stage,
  (EPOCH(f.as_of) - EPOCH(c.occurred_at)) / 86400.0 AS days_known
FROM (
  SELECT
    p.customer_id,
    p.as_of,
{firsts}
  FROM points AS p
  LEFT JOIN (
    SELECT customer_id, occurred_at, known_at, kind FROM customer_events
    WHERE kind IN ({kinds})
  ) AS r
    ON r.customer_id = p.customer_id
    AND r.occurred_at < p.as_of
    AND r.known_at < p.as_of
  GROUP BY p.customer_id, p.as_of
) AS f
LEFT JOIN customers AS c
  ON c.customer_id = f.customer_id AND c.known_at < f.as_of"""


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
