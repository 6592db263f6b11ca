"""One windowed column brought up to date: what it held, the rows since, the time gone by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from features.conditions import Row
from features.windows import TREND_DAYS, Aggregate, Windowed

Value: TypeAlias = float | str | None

# Sums are of decimals with four places (see features.windows): whole numbers of these units.
_UNITS = 10_000
# What a number is; spelt out once, as a union made at each question costs more than the answer.
NUMBER = (int, float)
_WITHIN = (Aggregate.COUNT, Aggregate.SUM, Aggregate.MEAN)
_ORDER = (
    *(Aggregate.COUNT, Aggregate.SUM, Aggregate.DAYS_SINCE_FIRST, Aggregate.DAYS_SINCE_LAST),
    *(Aggregate.FIRST, Aggregate.LAST, Aggregate.MEAN, Aggregate.TREND),
)


@dataclass(frozen=True, slots=True)
class Aged:
    """A fresh row and how many days ago it occurred."""

    days: float
    row: Row


@dataclass(frozen=True, slots=True)
class Placed:
    """A column and where it stands in the vector, with the columns that help to carry it on.

    `recency` is the narrowest days-since-last whose rows include this column's; `count` counts
    the same rows in the same window; `trend` are the counts that a trend is the quotient of.
    """

    place: int
    column: Windowed
    recency: int | None = None
    count: int | None = None
    trend: tuple[int, int] | None = None


def in_order(columns: Sequence[Placed]) -> tuple[Placed, ...]:
    """Return the columns so that trends come after the counts that they are made of."""
    return tuple(sorted(columns, key=lambda one: _ORDER.index(one.column.aggregate)))


def carried_on(
    placed: Placed,
    *,
    stored: Sequence[Value],
    made: Sequence[Value],
    fresh: Sequence[Aged],
    elapsed_days: float,
) -> Value:
    """Return the column's value now.

    `stored` is the vector as it was, `made` the one in the making, `fresh` the rows since that
    the column's condition holds for.
    """
    column, held = placed.column, stored[placed.place]
    aggregate, days = column.aggregate, column.days
    if aggregate is Aggregate.DAYS_SINCE_LAST:
        return min([row.days for row in fresh]) if fresh else grown(held, elapsed_days)
    last = None  # how many days ago the last of the stored rows was, where that is known
    if placed.recency is not None:
        before = stored[placed.recency]
        last = before + elapsed_days if isinstance(before, NUMBER) and before == before else None
    if aggregate in _WITHIN:
        if days is not None:
            if last is not None and last > days:
                held = None if aggregate is Aggregate.MEAN else 0
            fresh = [row for row in fresh if row.days <= days] if fresh else ()
        return _with_rows(placed, held, within=fresh, stored=stored) if fresh else held
    if aggregate is Aggregate.DAYS_SINCE_FIRST:
        return grown(held, elapsed_days) if not absent(held) else _longest(fresh)
    if aggregate is Aggregate.TREND:
        return _trend(placed, held, made=made, fresh=fresh, last=last)
    if aggregate is Aggregate.LAST:
        return max((_dated(column, row) for row in fresh), default=(0.0, held))[1]
    return held if held not in (None, "none") or not fresh else _first(column, fresh)


def absent(value: Value) -> bool:
    """Return whether there is no value: None or NaN."""
    return value is None or value != value


def grown(days: Value, elapsed: float) -> float | None:
    """Return a number of days `elapsed` days later, None where there is none."""
    return days + elapsed if isinstance(days, NUMBER) and days == days else None


def _with_rows(
    placed: Placed, held: Value, *, within: Sequence[Aged], stored: Sequence[Value]
) -> Value:
    """Return the count, sum or mean with the fresh rows of its window, of which there are some."""
    aggregate = placed.column.aggregate
    if aggregate is Aggregate.COUNT:
        return _number(held) + len(within)
    if aggregate is Aggregate.SUM:
        return (_units(_number(held)) + _sum(placed.column, within)) / _UNITS
    return _mean(placed, held, within=within, stored=stored)


def _mean(placed: Placed, held: Value, *, within: Sequence[Aged], stored: Sequence[Value]) -> Value:
    added = _sum(placed.column, within)
    if absent(held):
        return added / _UNITS / len(within)
    if placed.count is None:
        return held
    rows = _number(stored[placed.count])
    return (_units(_number(held) * rows) + added) / _UNITS / (rows + len(within))


def _trend(
    placed: Placed, held: Value, *, made: Sequence[Value], fresh: Sequence[Aged], last: float | None
) -> Value:
    """Return the trend, from its counts where they are there; `last` is days since the last row."""
    if placed.trend is not None:
        recent, longer = (_number(made[place]) for place in placed.trend)
    elif absent(held) or (last is not None and last > TREND_DAYS[1]):
        recent, longer = (sum(row.days <= days for row in fresh) for days in TREND_DAYS)
    elif not fresh and last is not None and last > TREND_DAYS[0]:
        return 0.0
    else:
        return held
    return recent / (longer / (TREND_DAYS[1] / TREND_DAYS[0])) if longer else None


def _longest(fresh: Sequence[Aged]) -> float | None:
    return max([row.days for row in fresh], default=None)


def _first(column: Windowed, fresh: Sequence[Aged]) -> Value:
    return min(_dated(column, row) for row in fresh)[1]


def _dated(column: Windowed, row: Aged) -> tuple[float, str]:
    return -row.days, str(row.row[column.of])


def _sum(column: Windowed, rows: Sequence[Aged]) -> int:
    values = (row.row.get(column.of) for row in rows)
    return sum(_units(value) for value in values if isinstance(value, NUMBER))


def _units(value: float) -> int:
    return round(value * _UNITS)


def _number(value: Value) -> float:
    return value if isinstance(value, NUMBER) and value == value else 0
