"""The page of all offers: what each adds, in the order asked for, and as a file."""

from __future__ import annotations

from fastapi import Request, Response

from routing.offer_states import Standings
from serving import offers_ledger
from serving.errors import ServingError
from serving.pages.csv_tables import csv_addresses
from serving.pages.offers_csv import OFFERS
from serving.pages.offers_report import REPORT_COMMAND, OfferRow, offers_file
from serving.pages.ordering import Column, Ordering
from serving.pages.page import Address, Desk, Page

NAME = "offers"
ORDERING: Ordering[OfferRow] = Ordering(
    (
        Column("name", "Offer", lambda row: row.name.casefold(), text=True),
        Column("presented", "Presented", lambda row: row.presented),
        Column("accepted", "Accepted", lambda row: row.accepted),
        Column("rate", "Rate", lambda row: row.acceptance_rate),
        Column("uplift", "Uplift", lambda row: row.uplift.estimate if row.uplift else None),
        Column("money", "Added money", lambda row: row.money.estimate if row.money else None),
    ),
    by="money",
)


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /offers and /offers.csv."""
    report = offers_file(desk.home)

    async def show(request: Request, sort: str | None = None, order: str | None = None) -> Response:
        def page() -> Response:
            found, ordering = report.latest(), ORDERING.asked(sort, order)
            return desk.frame.page(
                request,
                "offers.html",
                here=NAME,
                report=found,
                rows=ordering.sorted(found.offers),
                ordering=ordering,
                standings=standings_of(desk),
                report_command=REPORT_COMMAND,
            )

        return desk.frame.answer(request, page, here=NAME)

    files = csv_addresses(desk.frame, (OFFERS,), found=lambda _: report.latest(), here=NAME)
    return Address("/offers", show), *files


def standings_of(desk: Desk) -> Standings:
    """Return where each offer stands; the page of one offer says so where that cannot be read."""
    try:
        return offers_ledger.standings(desk.decisions.latest())
    except ServingError:
        return {}


PAGE = Page(NAME, "Offers", "/offers", addresses)
