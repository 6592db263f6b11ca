"""The page that compares offers: what they add along a budget, each contact on its best offer."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request, Response

from serving.pages.csv_tables import CsvTable, csv_addresses
from serving.pages.forest import scale_of
from serving.pages.offers_csv import ends
from serving.pages.offers_report import OffersReport, offers_file
from serving.pages.page import Address, Desk, Page

NAME, PATH = "compare", "/compare"


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /compare, and the curve along the budget as a file."""
    report = offers_file(desk.home)

    async def show(request: Request) -> Response:
        def page() -> Response:
            found = report.latest()
            return desk.frame.page(
                request,
                "compare.html",
                here=NAME,
                report=found,
                budget=found.budget,
                rows=found.offers,
                scale=scale_of([row.money for row in found.offers]),
            )

        return desk.frame.answer(request, page, here=NAME)

    files = csv_addresses(
        desk.frame, (BUDGET, OFFERS), found=lambda request: report.latest(), here=NAME
    )
    return Address(PATH, show), *files


def _points(report: OffersReport) -> Iterator[tuple[object, ...]]:
    for point in report.budget.points if report.budget else ():
        yield (round(point.share, 6), round(point.spent, 2), *ends(point.added, 2))


def _offers(report: OffersReport) -> Iterator[tuple[object, ...]]:
    for row in report.offers:
        area = row.ranked.area if row.ranked else None
        yield (row.offer_id, row.name, *ends(row.money, 2), *ends(row.uplift, 6), *ends(area, 4))


def _file(what: str, report: OffersReport) -> str:
    return f"{what}-{report.provenance.as_of:%Y-%m-%d}"


BUDGET: CsvTable[OffersReport] = CsvTable(
    f"{PATH}/budget.csv",
    lambda report: _file("budget", report),
    ("share_given_an_offer", "spent_per_1000", "added_per_1000", "low", "high"),
    _points,
)
OFFERS: CsvTable[OffersReport] = CsvTable(
    f"{PATH}/offers.csv",
    lambda report: _file("compared", report),
    (
        *("offer_id", "name", "money_per_1000", "money_low", "money_high"),
        *("uplift", "uplift_low", "uplift_high"),
        *("ranking_per_1000", "ranking_low", "ranking_high"),
    ),
    _offers,
)
PAGE = Page(NAME, "Compare", PATH, addresses)
