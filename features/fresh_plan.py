"""Which columns of a vector change together: worked out once for the names of a vector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from features.conditions import Condition, Row, holds
from features.fresh_columns import Placed, in_order
from features.subjects import ACTIVITY, CONTACT_HISTORY, EVENTS, TOUCHES, Counted
from features.windows import TREND_DAYS, Aggregate, Windowed

_DAYS_SINCE = frozenset({Aggregate.DAYS_SINCE_FIRST, Aggregate.DAYS_SINCE_LAST})
_STAGE_DAYS = ("days_in_stage", "days_known")
# More different rows than the closed sets of the data contract make in a view.
_DIFFERENT_ROWS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The columns of a vector that count the same rows; `windows` are their days, ascending.

    `recency` is where the vector says how long ago the last of these rows, or of more, was.
    """

    condition: Condition
    columns: tuple[Placed, ...]
    windows: tuple[int, ...]
    recency: int | None


class Groups:
    """The groups of a view; which of them count a row hangs on what their conditions test."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.all = tuple(groups)
        self.tested = tuple(sorted({test.column for each in groups for test in each.condition}))
        self._counting = lru_cache(maxsize=_DIFFERENT_ROWS)(self._holding)

    def counting(self, row: Row) -> tuple[Group, ...]:
        """Return the groups whose condition holds for the row."""
        return self._counting(*map(row.get, self.tested))

    def _holding(self, *values: object) -> tuple[Group, ...]:
        row = dict(zip(self.tested, values, strict=True))
        return tuple(group for group in self.all if holds(group.condition, row))


@dataclass(frozen=True, slots=True)
class Plan:
    """The groups by view, and the places of the columns that grow with time alone.

    `leaving` are the groups whose last row the vector dates: those that it can see leave a window.
    """

    groups: dict[str, Groups]
    leaving: tuple[tuple[int, tuple[int, ...], Group], ...]
    growing: tuple[int, ...]
    days_in_stage: int | None


@lru_cache(maxsize=8)
def plan_of(names: tuple[str, ...]) -> Plan:
    """Return the plan of a vector with these names; names that no view counts have no part."""
    places = {name: place for place, name in enumerate(names)}
    groups = {
        counted.view: Groups(tuple(_groups(counted, places=places)))
        for counted in (EVENTS, ACTIVITY, TOUCHES, CONTACT_HISTORY)
    }
    every = [group for part in groups.values() for group in part.all]
    columns = [one for group in every for one in group.columns]
    growing = [one.place for one in columns if one.column.aggregate in _DAYS_SINCE]
    growing += [places[name] for name in _STAGE_DAYS if name in places]
    leaving = tuple((g.recency, g.windows, g) for g in every if g.recency is not None and g.windows)
    return Plan(groups, leaving, tuple(growing), places.get("days_in_stage"))


def _groups(counted: Counted, *, places: dict[str, int]) -> Iterator[Group]:
    columns = [column for column, _ in counted.pairs if column.name in places]
    columns.sort(key=lambda column: repr(column.where))
    for condition, same in groupby(columns, key=lambda column: column.where):
        placed = in_order([_placed(one, columns=columns, places=places) for one in same])
        windows = {one.column.days for one in placed if one.column.days is not None}
        if any(one.column.aggregate is Aggregate.TREND for one in placed):
            windows.update(TREND_DAYS)
        yield Group(condition, placed, tuple(sorted(windows)), placed[0].recency)


def _placed(column: Windowed, *, columns: list[Windowed], places: dict[str, int]) -> Placed:
    counts = {
        other.days: places[other.name]
        for other in columns
        if other.aggregate is Aggregate.COUNT and other.where == column.where
    }
    lasts = [
        other
        for other in columns
        if other.aggregate is Aggregate.DAYS_SINCE_LAST and set(other.where) <= set(column.where)
    ]
    recency = max(lasts, key=lambda other: len(other.where), default=None)
    recent, longer = (counts.get(days) for days in TREND_DAYS)
    return Placed(
        place=places[column.name],
        column=column,
        recency=places[recency.name] if recency is not None else None,
        count=counts.get(column.days),
        trend=(recent, longer) if recent is not None and longer is not None else None,
    )
