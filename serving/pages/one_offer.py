"""The page of one offer: what it adds, and the form by which marketing decides on it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from serving.bodies import FORM, read_body
from serving.errors import ServingError
from serving.key_file import Key
from serving.pages.csv_tables import csv_addresses
from serving.pages.forest import scale_of
from serving.pages.form_token import FormTokens, require_own_page
from serving.pages.frame import HEADERS, Choice, root_of
from serving.pages.offer_form import NOTHING_SENT, OfferForm, Sent, form_of, read_sent, take
from serving.pages.offer_tables import TABLES, OfferShown
from serving.pages.offers_list import NAME
from serving.pages.offers_report import offers_file
from serving.pages.page import Address, Desk, Page

_FORMS_PLACE = "#state"


def addresses(desk: Desk) -> tuple[Address, ...]:
    """Return GET /offers/{offer_id} with its tables as files, and POST /offers/{offer_id}/state."""
    one = _OneOffer(desk)
    return (
        Address("/offers/{offer_id}", one.show),
        Address("/offers/{offer_id}/state", one.decide, method="POST"),
        *one.files(),
    )


class _OneOffer:
    """The handlers of one offer's page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._report = offers_file(desk.home)
        self._tokens = FormTokens(desk.home)

    async def show(self, request: Request, offer_id: str, changed: str | None = None) -> Response:
        """Show the offer; `changed` is what the form just made of it."""
        key: Key = request.state.key

        def page() -> Response:
            return self._page(request, offer_id, self._form(offer_id, key), changed=changed)

        return self._answer(request, page)

    def files(self) -> tuple[Address, ...]:
        """Return where its tables are answered."""
        return csv_addresses(
            self._desk.frame, TABLES, found=self._shown, here=NAME, choices=self._others
        )

    def _shown(self, request: Request) -> OfferShown:
        row = self._report.latest().offer(request.path_params["offer_id"])
        made = reversed(self._desk.decisions.latest())
        return OfferShown(row, tuple(one for one in made if one.offer_id == row.offer_id))

    async def decide(self, request: Request, offer_id: str) -> Response:
        """Take the form: make the change and lead back to the page, or show what is amiss."""
        key: Key = request.state.key
        body = await read_body(request.headers, request.receive, media_type=FORM)
        sent = read_sent(body)

        def page() -> Response:
            require_own_page(request.headers)
            self._report.latest().offer(offer_id)
            try:
                made = take(
                    self._desk.home,
                    offer_id=offer_id,
                    asked_by=key,
                    tokens=self._tokens,
                    now=self._desk.clock(),
                    sent=sent,
                )
            except ServingError as error:
                form = self._form(offer_id, key, sent=sent, error=error)
                return self._page(request, offer_id, form, status=error.status)
            # Loading the page that follows again sends nothing twice.
            path = f"{root_of(request)}/offers/{quote(offer_id, safe='')}"
            where = f"{path}?changed={made.becomes}{_FORMS_PLACE}"
            return RedirectResponse(where, status_code=303, headers=HEADERS)

        return await run_in_threadpool(self._answer, request, page)

    def _form(
        self,
        offer_id: str,
        key: Key,
        *,
        sent: Sent = NOTHING_SENT,
        error: ServingError | None = None,
    ) -> OfferForm:
        return form_of(
            self._desk.decisions,
            offer_id=offer_id,
            asked_by=key,
            tokens=self._tokens,
            now=self._desk.clock(),
            sent=sent,
            error=error,
        )

    def _page(
        self,
        request: Request,
        offer_id: str,
        form: OfferForm,
        *,
        changed: str | None = None,
        status: int = 200,
    ) -> Response:
        report = self._report.latest()
        row = report.offer(offer_id)
        return self._desk.frame.page(
            request,
            "offer.html",
            here=NAME,
            status=status,
            report=report,
            row=row,
            scale=scale_of([part.money for part in row.stages]),
            form=form,
            changed=changed == form.state and form.last is not None,
        )

    def _answer(self, request: Request, make: Callable[[], Response]) -> Response:
        return self._desk.frame.answer(request, make, here=NAME, choices=self._others)

    def _others(self) -> list[Choice]:
        """Lead on from an offer that is not there to those that are."""
        offers = self._report.latest().offers
        return [Choice(row.name, f"/offers/{quote(row.offer_id, safe='')}") for row in offers]


PAGE = Page(NAME, "", "/offers/{offer_id}", addresses)
