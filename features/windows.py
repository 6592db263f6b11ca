"""Windowed columns: a small declarative spec, and the one SQL text per view made from it.

The text keeps to what DuckDB and Spark SQL read alike (see docs/decisions/010). A row counts at
an instant if it occurred in [as_of - N days, as_of) and was known before as_of, strictly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from features.conditions import Condition, sql_of

TREND_DAYS = (30, 90)


class Aggregate(StrEnum):
    """How the rows of a window become one value."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    DAYS_SINCE_FIRST = "days_since_first"
    DAYS_SINCE_LAST = "days_since_last"
    TREND = "trend"  # the last 30 days against the monthly mean of the last 90
    FIRST = "first"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Windowed:
    """One column: `aggregate` the values `of` the rows that `where` holds, `days` back or ever.

    The spec is read twice: as SQL here, over all rows, and by `features.fresh` for the few rows
    that have come since.
    """

    name: str
    aggregate: Aggregate
    where: Condition = ()
    of: str = ""
    days: int | None = None


def view_sql(rows: str, columns: tuple[Windowed, ...]) -> str:
    """Return the query of a view: exactly one row per row of `points` (customer_id, as_of).

    `points` holds distinct instants. `rows` is a query for customer_id, occurred_at, known_at
    and what the columns read.
    """
    chosen = ",\n".join(f"  {_value(column)} AS {column.name}" for column in columns)
    # The start of each window is made once per instant, not once per row: a third less time.
    starts = "".join(
        f",\n    as_of - INTERVAL {days} DAY AS from_{days}_days" for days in _all_days(columns)
    )
    return f"""SELECT
  p.customer_id,
  p.as_of,
{chosen}
FROM (
  SELECT
    customer_id,
    as_of{starts}
  FROM points
) AS p
LEFT JOIN (
{rows}
) AS r
  ON r.customer_id = p.customer_id
  AND r.occurred_at < p.as_of
  AND r.known_at < p.as_of
GROUP BY p.customer_id, p.as_of"""


def _value(column: Windowed) -> str:
    match column.aggregate:
        case Aggregate.COUNT:
            return _count(column, column.days)
        case Aggregate.SUM:
            return f"COALESCE({_sum(column)}, 0.0)"
        case Aggregate.MEAN:
            return f"{_sum(column)} / NULLIF({_count(column, column.days)}, 0)"
        case Aggregate.DAYS_SINCE_FIRST:
            return _days_since(f"MIN({_when(column, column.days, 'r.occurred_at')})")
        case Aggregate.DAYS_SINCE_LAST:
            return _days_since(f"MAX({_when(column, column.days, 'r.occurred_at')})")
        case Aggregate.TREND:
            recent, longer = (_count(column, days) for days in TREND_DAYS)
            return f"{recent} / NULLIF({longer} / {TREND_DAYS[1] / TREND_DAYS[0]:.1f}, 0)"
        case Aggregate.FIRST:
            return _end("MIN", column)
        case Aggregate.LAST:
            return _end("MAX", column)


def _count(column: Windowed, days: int | None) -> str:
    return f"COUNT({_when(column, days, '1' if column.where or days else 'r.occurred_at')})"


def _sum(column: Windowed) -> str:
    # Decimals add up to the same number in any order; floats differ in the last digits with the
    # number of threads, and a rebuilt frame would not equal the first.
    value = _when(column, column.days, f"CAST(r.{column.of} AS DECIMAL(18, 4))")
    return f"CAST(SUM({value}) AS DOUBLE)"


def _when(column: Windowed, days: int | None, value: str) -> str:
    conditions = [sql_of(column.where)] if column.where else []
    if days is not None:
        conditions.append(f"r.occurred_at >= p.from_{days}_days")
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def _all_days(columns: tuple[Windowed, ...]) -> list[int]:
    trends = TREND_DAYS if any(c.aggregate is Aggregate.TREND for c in columns) else ()
    return sorted({c.days for c in columns if c.days is not None} | set(trends))


def _days_since(instant: str) -> str:
    return f"(EPOCH(p.as_of) - EPOCH({instant})) / 86400.0"


def _end(extreme: str, column: Windowed) -> str:
    # The value at the first or last instant; among rows of one instant the smaller or larger
    # value, so that the answer does not depend on the order in which rows are read.
    pair = f"STRUCT_PACK(at := r.occurred_at, value := r.{column.of})"
    return f"COALESCE({extreme}({pair}).value, 'none')"
