"""Who is offered nothing, and why: the file that forming strategies writes and a page reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from routing.nothing import WhyNothing
from serving.pages.report_file import About, ReportFile

FORMAT = "callworth-nothing-1"
ABOUT = About(
    subject="who is offered nothing",
    command="callworth strategies form",
    title="No strategies have been formed yet",
    lead="This page shows how many customers are offered nothing, where they stand, and why.",
)


class NothingRow(msgspec.Struct, frozen=True):
    """The customers of one partner, stage and value group; `why` counts those without an offer."""

    partner: str
    stage: str
    value_group: str
    customers: int
    why: dict[WhyNothing, int]

    @property
    def nothing(self) -> int:
        """How many are offered nothing."""
        return sum(self.why.values())

    @property
    def share(self) -> float:
        """The share of them that is offered nothing, 0 to 1."""
        return self.nothing / self.customers

    @property
    def main(self) -> WhyNothing | None:
        """The commonest reason, None where everyone is offered something."""
        return max(self.why, key=self.why.__getitem__) if self.why else None


class NothingReport(msgspec.Struct, frozen=True):
    """One strategy set, cell by cell; `formed_at` is UTC and aware."""

    strategy_set: str
    model_set: str
    formed_at: datetime
    rows: tuple[NothingRow, ...]
    format: str = FORMAT

    @property
    def customers(self) -> int:
        """How many customers the set has."""
        return sum(row.customers for row in self.rows)

    @property
    def nothing(self) -> int:
        """How many of them are offered nothing."""
        return sum(row.nothing for row in self.rows)

    def why(self) -> dict[WhyNothing, int]:
        """Return how many are offered nothing for each reason, the commonest first."""
        total = {why: sum(row.why.get(why, 0) for row in self.rows) for why in WhyNothing}
        ordered = sorted(total.items(), key=lambda one: -one[1])
        return {why: count for why, count in ordered if count}


def nothing_path(home: Path) -> Path:
    """Return where the report of a workspace lies."""
    return home / "reports" / "nothing.json"


def nothing_file(home: Path) -> ReportFile[NothingReport]:
    """Return the report of a workspace."""
    return ReportFile(nothing_path(home), NothingReport, form=FORMAT, about=ABOUT)
