"""Reports of small experiments, each made once by the real pipeline."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.experiments.contacts import from_log, settled_before
from pipelines.experiments.report import analyse
from routing.slot_drawing import draw_plan
from routing.slots import SlotPlan
from serving.pages.experiment_report import ExperimentReport
from tests.pipelines.experiment_world import happenings, write_log

START = date(2031, 1, 6)  # a Monday
_DRAWS = 199


def a_plan(start: date = START) -> SlotPlan:
    """Return four weeks of hours, drawn some days before."""
    made = datetime(start.year, start.month, start.day, tzinfo=UTC) - timedelta(days=5)
    asked = "What do the offers add?"
    return draw_plan(
        start, zone="UTC", weeks=4, seed=3, made_at=made, hold_back_share=0.05, why=asked, by="ann"
    )


@cache
def a_report(effect: float) -> ExperimentReport:
    """Return the report after two looks, where `effect` more of the contacts buy when on."""
    plan = a_plan()
    as_of = plan.begins + timedelta(days=24)
    settled = settled_before(as_of, answer_days=plan.answer_days)
    with TemporaryDirectory() as folder:
        log = Path(folder) / "decisions.sqlite"
        write_log(log, happenings(plan, effect=effect))
        days = plan.answer_days
        contacts = from_log(log, begins=plan.begins, until=settled, answer_days=days)
    return analyse(contacts, plan=plan, as_of=as_of, settled=settled, draws=_DRAWS)
