"""What the report of an experiment holds: the file that the pipeline writes and a page reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from models.uplift.effects import Verdict
from serving.pages.experiment_plan import PlanRow
from serving.pages.offers_report import Chart, Interval
from serving.pages.report_file import About, ReportFile

FORMAT = "callworth-experiment-1"
REPORT_COMMAND = "callworth experiment analyse"
ABOUT = About(
    subject="the experiment",
    command=REPORT_COMMAND,
    title="No experiment has been judged yet",
    lead="This page shows what hours with offers add over hours without: in buyers and in money,"
    " and how much longer it takes to know.",
)


class SlotRow(msgspec.Struct, frozen=True):
    """One slot with contacts that count; `weekday` 0 is Monday, `starts` is `09:00` in the zone.

    `day` counts the plan's days from 1; `rate` is buyers per contact, `money` per 1,000 contacts.
    """

    week: int
    weekday: int
    starts: str
    on: bool
    contacts: int
    buyers: int
    rate: float
    money: float
    day: int = 0


class NaiveRow(msgspec.Struct, frozen=True):
    """The t-test over contacts, shown because it is wrong: it takes hours alike for news."""

    effect: Interval
    p: float
    says: str


class LookRow(msgspec.Struct, frozen=True):
    """One look: `effect` at the level of its boundary, None where it is not due or too early.

    `at` is when its contacts are old enough to judge; `z` is what |z| must pass, `level` the
    two-sided p-value that is the same bar, `spent` the error spent until then.
    """

    day: int
    at: datetime
    due: bool
    contacts: int
    z: float
    level: float
    spent: float
    effect: Interval | None
    p: float | None
    stops: bool


class PowerPoint(msgspec.Struct, frozen=True):
    """After so many days: the chance to know, and the effect that is found in 8 of 10 cases."""

    day: int
    power: float
    smallest: float


class MeasureRow(msgspec.Struct, frozen=True):
    """One outcome. `purchases`: buyers per contact; `money`: per 1,000 contacts.

    `on` and `off` are plain means, `effect` is adjusted for weekday and hour, with the 95 %
    interval of this look alone; `lasting` holds over all looks, None before the first.
    `days_needed` counts from the plan's start, `days_left` from the days judged so far, until the
    interval leaves zero behind with 80 % power at this effect; None beyond ten years. The charts
    are of the slots, the looks and the power.
    """

    name: str
    title: str
    on: float
    off: float
    effect: Interval | None
    p: float
    lasting: Interval | None
    verdict: Verdict
    sentence: str
    naive: NaiveRow
    looks: tuple[LookRow, ...]
    days_needed: int | None
    days_left: int | None
    power: tuple[PowerPoint, ...]
    slots_chart: Chart | None = None
    looks_chart: Chart | None = None
    power_chart: Chart | None = None


class HoldBackRow(msgspec.Struct, frozen=True):
    """Customers who are never offered anything against the others, in slots that were on.

    Units as in MeasureRow; None, and `sentence` says why, where there are too few.
    """

    customers: int
    contacts: int
    other_contacts: int
    purchases: Interval | None
    money: Interval | None
    sentence: str


class Counts(msgspec.Struct, frozen=True):
    """Contacts of the plan old enough to judge: `on` and `off` are compared, the rest are not."""

    contacts: int
    on: int
    off: int
    washed_out: int
    held_back: int
    agreeing_share: float


class ExperimentReport(msgspec.Struct, frozen=True):
    """One experiment as of an instant; `measures` is empty while it is too early.

    `verdict` reads money at the looks of the plan; `sentence` says it to a person.
    """

    plan: PlanRow
    as_of: datetime
    source: str
    verdict: Verdict
    decided: bool
    sentence: str
    counts: Counts
    measures: tuple[MeasureRow, ...]
    hold_back: HoldBackRow
    slots: tuple[SlotRow, ...]
    warnings: tuple[str, ...]
    draws: int
    format: str = FORMAT


def experiment_path(home: Path) -> Path:
    """Return where the report of the experiment of a workspace lies."""
    return home / "reports" / "experiment.json"


def experiment_file(home: Path) -> ReportFile[ExperimentReport]:
    """Return the report on the experiment of a workspace."""
    return ReportFile(experiment_path(home), ExperimentReport, form=FORMAT, about=ABOUT)
