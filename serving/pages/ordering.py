"""The order of a table: by which column, and which way; a click on a column's head asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column to sort by: `name` stands in the address, `label` in its head.

    `key` gives a row's figure or text, None where it has none.
    """

    name: str
    label: str
    key: Callable[[Row], float | str | None]
    text: bool = False


@dataclass(frozen=True, slots=True)
class Ordering(Generic[Row]):
    """The columns of a table and the one that it is sorted by."""

    columns: Sequence[Column[Row]]
    by: str
    descending: bool = True

    def asked(self, sort: str | None, order: str | None) -> Ordering[Row]:
        """Return the order that an address asks for; what it cannot mean is the usual order."""
        column = next((one for one in self.columns if one.name == sort), None)
        if column is None:
            return self
        descending = order == "desc" if column.text else order != "asc"
        return replace(self, by=column.name, descending=descending)

    def sorted(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows in this order; those without a figure last either way."""
        key = next(one.key for one in self.columns if one.name == self.by)
        given = list(rows)
        known = [row for row in given if key(row) is not None]
        known.sort(key=key, reverse=self.descending)  # type: ignore[arg-type]  # None is left out
        return known + [row for row in given if key(row) is None]

    def aria(self, column: Column[Row]) -> str:
        """Return what a screen reader says of a column's order."""
        if column.name != self.by:
            return "none"
        return "descending" if self.descending else "ascending"

    def next(self, column: Column[Row]) -> str:
        """Return the query that a click on this column's head asks for."""
        descending = not self.descending if column.name == self.by else not column.text
        return f"sort={column.name}&order={'desc' if descending else 'asc'}"
