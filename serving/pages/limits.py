"""The page of limits: what each is worth in a sentence, what is used, and what another would do."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec
from fastapi import Request, Response

from features.errors import FeatureError
from routing.allocation.rule import Nothing
from routing.allocation.what_if import WhatIf
from routing.errors import RoutingError
from serving.errors import ServingError
from serving.pages.csv_file import csv_text
from serving.pages.csv_tables import csv_addresses
from serving.pages.limits_report import limits_file, refusal_of
from serving.pages.limits_tables import TABLES, WHAT_IF_HEAD, what_if_rows
from serving.pages.page import Address, Desk, Page
from serving.pages.what_if_asking import Asked, WhatIfs

NAME, PATH = "limits", "/limits"
WHAT_IF_FILE = "/limits/what-if.csv"
# Why customers get nothing, as a marketer says it.
REASONS: dict[Nothing, str] = {
    Nothing.PRICED_OUT: "Worth more elsewhere: an offer adds money here, and more with others",
    Nothing.NOTHING_RELEVANT: "No offer adds money",
    Nothing.SEEN_ENOUGH: "Seen enough for now: a cap or a rest",
    Nothing.ASKED_NOT_TO: "Asked not to be offered anything",
    Nothing.NOT_ELIGIBLE: "No offer is for their stage",
}
_Expected = FeatureError | RoutingError | ServingError


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /limits, its tables as files, and that of a what-if."""
    page = _Limits(desk)
    files = csv_addresses(desk.frame, TABLES, found=lambda _: page.report.latest(), here=NAME)
    return (Address(PATH, page.show), *files, Address(WHAT_IF_FILE, page.what_if_file))


class _Limits:
    """The handlers; what an address asks of a what-if is answered before the page is made."""

    def __init__(self, desk: Desk) -> None:
        self.report = limits_file(desk.home)
        self._home = desk.home
        self._frame = desk.frame
        self._what_ifs = WhatIfs(desk.home)

    async def show(self, request: Request) -> Response:
        """Show the limits, and the answer to a what-if where one is asked."""
        asked = Asked.from_query(request.query_params)
        outcome, wrong = await self._answered(asked)

        def page() -> Response:
            found = self.report.latest()
            return self._frame.page(
                request,
                "limits.html",
                here=NAME,
                status=wrong.status if wrong else 200,
                report=found,
                refusal=refusal_of(self._home),
                reasons=REASONS,
                asked=asked,
                outcome=outcome,
                wrong=wrong,
                query=urlencode(msgspec.structs.asdict(asked)),
            )

        return self._frame.answer(request, page, here=NAME)

    async def what_if_file(self, request: Request) -> Response:
        """Give the figures of a what-if as a file; with none asked, the page is."""
        asked = Asked.from_query(request.query_params)
        outcome, wrong = await self._answered(asked)
        if outcome is None or wrong is not None:
            return await self.show(request)
        text = csv_text(WHAT_IF_HEAD, what_if_rows(outcome))
        return self._frame.csv(text, name="what-if")

    async def _answered(self, asked: Asked) -> tuple[WhatIf | None, _Expected | None]:
        """Return the answer, or what is wrong with the question."""
        if not asked.anything:
            return None, None
        try:
            return await self._what_ifs.answer(asked), None
        except (FeatureError, RoutingError, ServingError) as error:
            return None, error


PAGE = Page(NAME, "Limits", PATH, addresses)
