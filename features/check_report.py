"""What a check found: rows and faults per table, what to mend, and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from features.rules import Rule


@dataclass(frozen=True, slots=True)
class FaultCount:
    """How many rows break one rule in one column, with the first example and the fix."""

    rule: Rule
    column: str
    rows: int
    example: str | None
    where: str
    fix: str


@dataclass(frozen=True, slots=True)
class TableReport:
    """One table: how many rows it has, how many of them are bad, and why.

    `not_checked` says which rules had to be left aside, and for what reason.
    """

    table: str
    rows: int
    bad_rows: int
    faults: tuple[FaultCount, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def bad_share(self) -> float:
        """The bad rows as a share of all rows, from 0 to 1."""
        return self.bad_rows / self.rows if self.rows else float(bool(self.faults))


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The whole check; `absent` tables of the contract were not there, `unknown` ones not read.

    `erased` counts by table the rows that were dropped because their customer was erased.
    """

    path: str
    quarantine: str
    share: float
    tables: tuple[TableReport, ...]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]
    fingerprint: dict[str, str]
    erased: dict[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def bad_rows(self) -> int:
        """The bad rows of all tables."""
        return sum(table.bad_rows for table in self.tables)

    @property
    def over_share(self) -> tuple[str, ...]:
        """The tables whose share of bad rows is above `share`."""
        return tuple(table.table for table in self.tables if table.bad_share > self.share)

    @property
    def exit_code(self) -> int:
        """1 where the bad share of any table exceeds `share`, else 0."""
        return int(bool(self.over_share))

    def to_json(self) -> str:
        """Return the report as JSON text, keys in the order of this class."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> CheckReport:
        """Return the report that `to_json` wrote."""
        return msgspec.json.decode(text, type=cls)
