"""The page of the experiment: what hours with offers add over hours without, and what to do."""

from __future__ import annotations

from fastapi import Request, Response

from serving.pages import experiment_wording
from serving.pages.csv_tables import csv_addresses
from serving.pages.experiment_report import MeasureRow, experiment_file
from serving.pages.experiment_shown import Shown, shown
from serving.pages.experiment_tables import TABLES
from serving.pages.forest import Scale, scale_of
from serving.pages.page import Address, Desk, Page

NAME, PATH = "experiment", "/experiment"


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /experiment, and its tables as files."""
    report = experiment_file(desk.home)

    def found(_: Request) -> Shown:
        return shown(desk.home, report)

    async def show(request: Request) -> Response:
        def page() -> Response:
            seen = found(request)
            return desk.frame.page(
                request,
                "experiment.html",
                here=NAME,
                shown=seen,
                plan=seen.plan,
                report=seen.report,
                state=seen.plan.state(desk.clock()),
                told=experiment_wording,
                scales=[_scale(row) for row in seen.report.measures] if seen.report else [],
            )

        return desk.frame.answer(request, page, here=NAME)

    return (
        Address(PATH, show),
        *csv_addresses(desk.frame, TABLES, found=found, here=NAME),
    )


def _scale(row: MeasureRow) -> Scale | None:
    """Return one scale for all intervals of an outcome; outcomes differ in their unit."""
    return scale_of([row.effect, row.lasting, row.naive.effect])


PAGE = Page(NAME, "Experiment", PATH, addresses)
