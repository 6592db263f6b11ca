"""The page of those who are offered nothing: how many, where they stand, and why."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request, Response

from features.contract import Stage
from routing.nothing import WhyNothing
from serving.pages.csv_tables import CsvTable, csv_addresses
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

    files = csv_addresses(desk.frame, TABLES, found=lambda _: report.latest(), here=NAME)
    return Address(PATH, show), *files


def _cells(report: NothingReport) -> Iterator[tuple[object, ...]]:
    for row in report.rows:
        cell = (report.strategy_set, row.partner, row.stage, row.value_group)
        yield (*cell, row.customers, row.nothing, *(row.why.get(why, 0) for why in WhyNothing))


def _reasons(report: NothingReport) -> Iterator[tuple[object, ...]]:
    for why, count in report.why().items():
        yield (report.strategy_set, why.value, count, *REASONS[why])


TABLES: tuple[CsvTable[NothingReport], ...] = (
    CsvTable(
        "/nothing.csv",
        lambda report: f"nothing-{report.strategy_set}",
        (*_HEAD, *(why.value for why in WhyNothing)),
        _cells,
    ),
    CsvTable(
        "/nothing/reasons.csv",
        lambda report: f"reasons-{report.strategy_set}",
        ("strategy_set", "why", "customers", "reason", "what_it_asks_for"),
        _reasons,
    ),
)
PAGE = Page(NAME, "Nothing offered", PATH, addresses)
