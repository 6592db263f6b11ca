"""Which rows a column counts: one condition, read by the engine as SQL and by the server as it is.

Both readings are made here from the same two forms, so that they cannot part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Row: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Is:
    """The column holds this word."""

    column: str
    word: str

    @property
    def sql(self) -> str:
        """The test as SQL; rows are called `r`."""
        return f"r.{self.column} = '{self.word}'"

    def holds(self, row: Row) -> bool:
        """Return whether the row passes."""
        return row.get(self.column) == self.word


@dataclass(frozen=True, slots=True)
class Flagged:
    """The column is true."""

    column: str

    @property
    def sql(self) -> str:
        """The test as SQL; rows are called `r`."""
        return f"r.{self.column}"

    def holds(self, row: Row) -> bool:
        """Return whether the row passes."""
        return row.get(self.column) is True


# All of them must hold; none of them means every row.
Condition: TypeAlias = tuple[Is | Flagged, ...]


def sql_of(condition: Condition) -> str:
    """Return the condition as SQL, empty where every row counts."""
    return " AND ".join(test.sql for test in condition)


def holds(condition: Condition, row: Row) -> bool:
    """Return whether the row counts."""
    return all(test.holds(row) for test in condition)
