"""The order of the offers list: by which column, and which way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from serving.pages.offers_report import OfferRow


class Column(StrEnum):
    """A column that the list can be sorted by; the value stands in the address."""

    NAME = "name"
    PRESENTED = "presented"
    ACCEPTED = "accepted"
    RATE = "rate"
    UPLIFT = "uplift"
    MONEY = "money"


_KEYS: dict[Column, Callable[[OfferRow], float | str | None]] = {
    Column.NAME: lambda row: row.name.casefold(),
    Column.PRESENTED: lambda row: row.presented,
    Column.ACCEPTED: lambda row: row.accepted,
    Column.RATE: lambda row: row.acceptance_rate,
    Column.UPLIFT: lambda row: row.uplift.estimate if row.uplift else None,
    Column.MONEY: lambda row: row.money.estimate if row.money else None,
}


@dataclass(frozen=True, slots=True)
class Ranking:
    """A column and a direction; without more said, most added money first."""

    column: Column = Column.MONEY
    descending: bool = True

    def sorted(self, rows: tuple[OfferRow, ...]) -> list[OfferRow]:
        """Return the rows in this order; those without a figure last either way."""
        key = _KEYS[self.column]
        known = [row for row in rows if key(row) is not None]
        known.sort(key=key, reverse=self.descending)  # type: ignore[arg-type]  # None is left out
        return known + [row for row in rows if key(row) is None]

    def aria(self, column: str) -> str:
        """Return what a screen reader says of a column's order."""
        if column != self.column:
            return "none"
        return "descending" if self.descending else "ascending"

    def next(self, column: str) -> str:
        """Return the query that a click on this column's head asks for."""
        first_way = column != Column.NAME
        descending = not self.descending if column == self.column else first_way
        return f"?sort={column}&order={'desc' if descending else 'asc'}"


def ranking(sort: str | None, order: str | None) -> Ranking:
    """Return the order that an address asks for; what it cannot mean is the usual order."""
    if sort not in set(Column):
        return Ranking()
    column = Column(sort)
    descending = order != "asc" if column is not Column.NAME else order == "desc"
    return Ranking(column, descending)
