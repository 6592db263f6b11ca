"""The report to print: every offer with its verdict, its figures and what to do."""

from __future__ import annotations

from fastapi import Request, Response

from serving.pages.offers_list import NAME, standings_of
from serving.pages.offers_report import offers_file
from serving.pages.page import Address, Desk, Page

# Not below /offers/, where every name is that of an offer.
PATH = "/report"


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /report."""
    report = offers_file(desk.home)

    async def show(request: Request) -> Response:
        def page() -> Response:
            found, standings = report.latest(), standings_of(desk)
            return desk.frame.page(
                request, "printed_offers.html", here=NAME, report=found, standings=standings
            )

        return desk.frame.answer(request, page, here=NAME)

    return (Address(PATH, show),)


PAGE = Page("report", "", PATH, addresses)
