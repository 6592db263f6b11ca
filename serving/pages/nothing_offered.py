"""The page of those who are offered nothing: how many, where they stand, and why."""

from __future__ import annotations

from fastapi import Request, Response

from features.contract import Stage
from routing.nothing import WhyNothing
from serving.pages.csv_file import csv_text
from serving.pages.nothing_report import NothingReport, NothingRow, nothing_file
from serving.pages.ordering import Column, Ordering
from serving.pages.page import Address, Desk, Page

NAME, PATH = "nothing", "/nothing"
# Each reason, as a marketer says it, and what can be done about it.
REASONS: dict[WhyNothing, tuple[str, str]] = {
    WhyNothing.ASKED_NOT_TO: (
        "Asked not to be offered anything",
        "Respect it: they are served, and nothing is brought up.",
    ),
    WhyNothing.STOPPED: (
        "The offer is paused or ended",
        "An offer that marketing stopped would add money here. Approve it, or leave it so.",
    ),
    WhyNothing.PRICED_OUT: (
        "Worth more elsewhere",
        "An offer would add money here; within the limits, what it takes adds more with others.",
    ),
    WhyNothing.SEEN_ENOUGH: (
        "Seen enough for now",
        "A cap or a rest holds an offer back that would add money. It comes again in time.",
    ),
    WhyNothing.COST: (
        "Falls short of its cost",
        "An offer raises the chance, not by enough to pay for presenting it.",
    ),
    WhyNothing.LOWERS: (
        "Presenting does not raise the chance",
        "They buy unasked, or are put off. Leave them alone.",
    ),
    WhyNothing.NOT_MODELLED: (
        "Not known to the models yet",
        "Present the offer at random to a part of the contacts, then train.",
    ),
    WhyNothing.NOT_ELIGIBLE: (
        "No offer is for their stage",
        "The catalogue has nothing for them: is that meant?",
    ),
}
_STAGES = list(Stage)
ORDERING: Ordering[NothingRow] = Ordering(
    (
        Column("partner", "Partner", lambda row: row.partner, text=True),
        Column("stage", "Stage", lambda row: _STAGES.index(Stage(row.stage)), text=True),
        Column("group", "Value group", lambda row: row.value_group, text=True),
        Column("customers", "Customers", lambda row: row.customers),
        Column("nothing", "Offered nothing", lambda row: row.nothing),
        Column("share", "Share", lambda row: row.share),
    ),
    by="nothing",
)
_HEAD = ("strategy_set", "partner", "stage", "value_group", "customers", "offered_nothing")


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /nothing and /nothing.csv."""
    report = nothing_file(desk.home)

    async def show(request: Request, sort: str | None = None, order: str | None = None) -> Response:
        def page() -> Response:
            found, asked = report.latest(), ORDERING.asked(sort, order)
            return desk.frame.page(
                request,
                "nothing.html",
                here=NAME,
                report=found,
                why=found.why(),
                rows=asked.sorted(found.rows),
                ordering=asked,
                reasons=REASONS,
                path=PATH,
            )

        return desk.frame.answer(request, page, here=NAME)

    async def file(request: Request) -> Response:
        def csv() -> Response:
            found = report.latest()
            return desk.frame.csv(_csv(found), name=f"nothing-{found.strategy_set}")

        return desk.frame.answer(request, csv, here=NAME)

    return Address(PATH, show), Address("/nothing.csv", file)


def _csv(report: NothingReport) -> str:
    """Return one line per partner, stage and value group, with a column for each reason."""
    rows = (
        (
            *(report.strategy_set, row.partner, row.stage, row.value_group),
            *(row.customers, row.nothing),
            *(row.why.get(why, 0) for why in WhyNothing),
        )
        for row in report.rows
    )
    return csv_text((*_HEAD, *(why.value for why in WhyNothing)), rows)


PAGE = Page(NAME, "Nothing offered", PATH, addresses)
