"""The page of strategy sets: what one changes against the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from fastapi import Request, Response

from routing.errors import StrategySetNotFoundError
from routing.strategy_diff import OfferChange, StrategyDiff
from serving.pages.changes_report import ChangesReport, SetChange, changes_file
from serving.pages.csv_tables import CsvTable, csv_addresses
from serving.pages.frame import Choice
from serving.pages.ordering import Column, Ordering
from serving.pages.page import Address, Desk, Page

NAME, PATH = "strategies", "/strategies/diff"
ORDERING: Ordering[OfferChange] = Ordering(
    (
        Column("offer", "Offer", lambda row: row.offer_id, text=True),
        Column("yes", "Now a yes", lambda row: row.now_yes),
        Column("no", "Now a no", lambda row: row.now_no),
        Column("before", "Worth before", lambda row: row.added_value_before),
        Column("after", "Worth after", lambda row: row.added_value_after),
        Column("worth", "Change", lambda row: row.added_value_after - row.added_value_before),
    ),
    by="worth",
)


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /strategies/diff, and its two tables as files."""
    changes = _SetChanges(desk)
    return Address(PATH, changes.show), *changes.files()


class _SetChanges:
    """The handlers; `from` and `to` in an address name the sets, else the latest two are meant."""

    def __init__(self, desk: Desk) -> None:
        self._frame = desk.frame
        self._report = changes_file(desk.home)

    async def show(
        self, request: Request, sort: str | None = None, order: str | None = None
    ) -> Response:
        """Show one comparison, and lead to the others."""

        def page() -> Response:
            report, asked = self._report.latest(), ORDERING.asked(sort, order)
            change = _chosen(report, request)
            return self._frame.page(
                request,
                "set_changes.html",
                here=NAME,
                change=change,
                diff=change.diff,
                others=[one for one in report.changes if one is not change],
                rows=asked.sorted(change.diff.offers),
                ordering=asked,
                path=PATH,
                query=f"{query_of(change)}&",
                query_of=query_of,
            )

        return self._frame.answer(request, page, here=NAME, choices=self._kept)

    def files(self) -> tuple[Address, ...]:
        """Return where its tables are answered."""
        return csv_addresses(
            self._frame,
            TABLES,
            found=lambda request: _chosen(self._report.latest(), request).diff,
            here=NAME,
            choices=self._kept,
        )

    def _kept(self) -> list[Choice]:
        """Lead on from a pair that was not compared to those that were."""
        return [
            Choice(f"{one.diff.old} to {one.diff.new}", f"{PATH}?{query_of(one)}")
            for one in self._report.latest().changes
        ]


def query_of(change: SetChange) -> str:
    """Return the query that names a comparison."""
    return urlencode({"from": change.diff.old, "to": change.diff.new})


def _chosen(report: ChangesReport, request: Request) -> SetChange:
    """Return the comparison that the address names; the latest where it names none."""
    old, new = (request.query_params.get(name) for name in ("from", "to"))
    for change in report.changes:
        if old in (None, change.diff.old) and new in (None, change.diff.new):
            return change
    old, new = (name or "..." for name in (old, new))
    raise StrategySetNotFoundError(
        f"Strategy sets {old} and {new} have not been compared.",
        fix=f"If both are kept, run `callworth strategies diff {old} {new}`."
        if "..." not in (old, new)
        else "Name both sets, or choose a comparison.",
    )


def _offers(diff: StrategyDiff) -> Iterator[tuple[object, ...]]:
    for one in diff.offers:
        worth = (one.added_value_before, one.added_value_after)
        yield (diff.old, diff.new, one.offer_id, one.now_yes, one.now_no, *worth)


def _moves(diff: StrategyDiff) -> Iterator[tuple[object, ...]]:
    for one in diff.moved:
        yield (diff.old, diff.new, one.before, one.after, one.customers)


TABLES: tuple[CsvTable[StrategyDiff], ...] = (
    CsvTable(
        f"{PATH}/offers.csv",
        lambda diff: f"offers-{diff.old}-{diff.new}",
        ("from", "to", "offer_id", "now_yes", "now_no", "added_before", "added_after"),
        _offers,
    ),
    CsvTable(
        f"{PATH}/groups.csv",
        lambda diff: f"groups-{diff.old}-{diff.new}",
        ("from", "to", "group_before", "group_after", "customers"),
        _moves,
    ),
)
PAGE = Page(NAME, "Strategy sets", PATH, addresses)
