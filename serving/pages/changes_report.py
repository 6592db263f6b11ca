"""What changed from strategy set to strategy set: the file that forming writes and a page reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from routing.strategy_diff import StrategyDiff
from serving.pages.report_file import About, ReportFile

FORMAT = "callworth-strategy-changes-1"
KEPT = 12
ABOUT = About(
    subject="what changed between strategy sets",
    command="callworth strategies form",
    title="There is nothing to compare yet",
    lead="This page shows what a new strategy set changes: who moves to another value group, which"
    " offers are presented to whom, and what that is worth. It needs two sets.",
)


class SetChange(msgspec.Struct, frozen=True):
    """One set against the one before; times are UTC and aware, of the later set."""

    diff: StrategyDiff
    formed_at: datetime
    model_set_before: str
    model_set_after: str


class ChangesReport(msgspec.Struct, frozen=True):
    """The latest comparisons, the newest first."""

    changes: tuple[SetChange, ...]
    format: str = FORMAT


def changes_path(home: Path) -> Path:
    """Return where the comparisons of a workspace lie."""
    return home / "reports" / "strategy_changes.json"


def changes_file(home: Path) -> ReportFile[ChangesReport]:
    """Return the comparisons of a workspace."""
    return ReportFile(changes_path(home), ChangesReport, form=FORMAT, about=ABOUT)


def with_change(report: ChangesReport | None, change: SetChange) -> ChangesReport:
    """Return the report with one comparison more, once each, and no more than are kept."""
    pair = (change.diff.old, change.diff.new)
    before = report.changes if report else ()
    others = [one for one in before if (one.diff.old, one.diff.new) != pair]
    return ChangesReport(tuple((change, *others)[:KEPT]))
