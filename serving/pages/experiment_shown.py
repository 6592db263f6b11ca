"""What the page of an experiment shows: the plan in force, and the report on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from routing.errors import SlotPlanError
from routing.slot_file import PLAN_FILE, read_plan
from routing.slots import SlotPlan
from serving.errors import ServingError
from serving.pages.experiment_plan import PlanRow, Week, plan_row, weeks_of
from serving.pages.experiment_report import ABOUT, ExperimentReport
from serving.pages.report_file import About, ReportFile, ReportMissingError

NOT_PLANNED = About(
    subject=ABOUT.subject,
    command="callworth experiment plan --start YYYY-MM-DD --why REASON",
    title="No experiment has been planned yet",
    lead=ABOUT.lead,
)


class PlanDamagedError(ServingError):
    """The plan in force cannot be read, and there is no report either."""

    status = 503


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest plan; `report` is on it, `before` on another, each None where there is none.

    `trouble` says why the plan in force cannot be read.
    """

    plan: PlanRow
    report: ExperimentReport | None
    before: ExperimentReport | None = None
    trouble: SlotPlanError | None = None

    @property
    def judged(self) -> ExperimentReport:
        """The report on the plan; ReportMissingError where there is none."""
        if self.report is None:
            raise ReportMissingError(ABOUT)
        return self.report

    @property
    def weeks(self) -> tuple[Week, ...]:
        """The weeks of the plan, none where its pattern is not known."""
        return weeks_of(self.plan)


def shown(home: Path, file: ReportFile[ExperimentReport]) -> Shown:
    """Return what there is to show of the experiment of a workspace.

    Raises:
        ReportMissingError: no plan and no report.
        ReportDamagedError: the report cannot be read.
        PlanDamagedError: there is no report, and the plan cannot be read.
    """
    try:
        report: ExperimentReport | None = file.latest()
    except ReportMissingError:
        report = None
    try:
        plan = read_plan(home / PLAN_FILE)
    except SlotPlanError as trouble:
        if report is None:
            raise PlanDamagedError(trouble.fact, fix=trouble.fix) from trouble
        return Shown(report.plan, report, trouble=trouble)
    if plan is not None:
        return _planned(plan, report)
    if report is None:
        raise ReportMissingError(NOT_PLANNED)
    return Shown(report.plan, report)


def _planned(plan: SlotPlan, report: ExperimentReport | None) -> Shown:
    """Take the plan as it stands now: it may have been ended since the report was written."""
    if report is None or (report.plan.label, report.plan.made_at) != (plan.label, plan.made_at):
        return Shown(plan_row(plan, judged_days=0), None, before=report)
    now = plan_row(plan, judged_days=report.plan.judged_days)
    return Shown(now, msgspec.structs.replace(report, plan=now))
