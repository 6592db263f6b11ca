"""The marketing pages, put together: each is a module of its own, and one line here."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Depends, Response

from serving.clock import Clock, system_clock
from serving.identity import KeyRing, Use, requires
from serving.offers_ledger import ChangesReader
from serving.pages import (
    compare,
    experiment,
    limits,
    nothing_offered,
    offers_list,
    one_offer,
    printed_offers,
    set_changes,
)
from serving.pages.frame import Frame, Line
from serving.pages.page import Desk, Page
from serving.sign_in.opening import SignInParts

# In the order of the navigation.
PAGES: tuple[Page, ...] = (
    offers_list.PAGE,
    one_offer.PAGE,
    compare.PAGE,
    printed_offers.PAGE,
    set_changes.PAGE,
    limits.PAGE,
    nothing_offered.PAGE,
    experiment.PAGE,
)
_KEPT = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}


def build_pages(
    home: Path,
    *,
    keys: KeyRing,
    sign_in: SignInParts | None = None,
    clock: Clock = system_clock,
) -> APIRouter:
    """Return the routes of the pages on the reports in `home`, for marketing alone.

    The addresses of PAGES, below /pages/ what they look like, and the sign-in where there is one.
    """
    frame = Frame([Line(page.name, page.label, page.path) for page in PAGES if page.label])
    desk = Desk(home, frame, keys, clock, ChangesReader(home))
    seen, changed = (
        [Depends(requires(keys, use, browser=True))] for use in (Use.SEE_PAGES, Use.CHANGE_OFFERS)
    )
    router = APIRouter(include_in_schema=False)
    for page in PAGES:
        for address in page.addresses(desk):
            reads = address.method == "GET"
            router.add_api_route(
                address.path,
                address.handler,
                methods=["GET", "HEAD"] if reads else [address.method],
                dependencies=seen if reads else changed,
            )
    _add_looks(router, frame)
    if sign_in is not None:
        router.include_router(sign_in.router(frame))
    return router


def _add_looks(router: APIRouter, frame: Frame) -> None:
    """Add the style sheet and the mark; their pages' address changes with them, so they keep."""

    async def style() -> Response:
        return Response(frame.style, media_type="text/css", headers=_KEPT)

    async def mark() -> Response:
        return Response(frame.mark, media_type="image/svg+xml", headers=_KEPT)

    for path, handler in (("/pages/style.css", style), ("/pages/mark.svg", mark)):
        router.add_api_route(path, handler, methods=["GET", "HEAD"])
