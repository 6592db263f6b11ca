"""The addresses of the marketing pages, and the frame that every page stands in."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import jinja2
from fastapi import APIRouter, Request, Response

from features.errors import FeatureError
from serving.pages import wording
from serving.pages.forest import Scale, scale_of
from serving.pages.offers_csv import offers_csv
from serving.pages.offers_report import (
    REPORT_COMMAND,
    OfferNotFoundError,
    OffersReport,
    ReportMissingError,
    ReportReader,
)
from serving.pages.ranking import ranking

_HERE = Path(__file__).parent
# Nothing is loaded but our own style sheet and mark; no script runs, no frame holds a page.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-cache",
}


def build_pages(home: Path) -> APIRouter:
    """Return the routes of the pages on the reports in `home`.

    GET /offers, /offers/{offer_id}, /offers.csv, and below /pages/ what they look like.
    """
    pages = _OfferPages(home)
    router = APIRouter(include_in_schema=False)
    for path, handler in (
        ("/offers", pages.offers),
        ("/offers.csv", pages.csv),
        ("/offers/{offer_id}", pages.offer),
        ("/pages/style.css", pages.style),
        ("/pages/mark.svg", pages.mark),
    ):
        router.add_api_route(path, handler, methods=["GET", "HEAD"])
    return router


class _OfferPages:
    """The handlers; each reads the report anew, which costs one look at the file's time."""

    def __init__(self, home: Path) -> None:
        self._reader = ReportReader(home)
        self._style = (_HERE / "style.css").read_bytes()
        self._mark = (_HERE / "mark.svg").read_bytes()
        self._templates = _environment(hashlib.sha256(self._style).hexdigest()[:12])

    async def offers(
        self, request: Request, sort: str | None = None, order: str | None = None
    ) -> Response:
        """Show every offer, most added money first unless asked otherwise."""

        def page(report: OffersReport) -> Response:
            chosen = ranking(sort, order)
            rows = chosen.sorted(report.offers)
            return self._page(request, "offers.html", report=report, rows=rows, ranking=chosen)

        return self._answer(request, page)

    async def offer(self, request: Request, offer_id: str) -> Response:
        """Show one offer."""

        def page(report: OffersReport) -> Response:
            row = report.offer(offer_id)
            scale: Scale | None = scale_of([part.money for part in row.stages])
            return self._page(request, "offer.html", report=report, row=row, scale=scale)

        return self._answer(request, page)

    async def csv(self, request: Request) -> Response:
        """Give the list as a file."""

        def file(report: OffersReport) -> Response:
            day = f"{report.provenance.as_of:%Y-%m-%d}"
            named = {"content-disposition": f'attachment; filename="offers-{day}.csv"'}
            return Response(
                offers_csv(report), media_type="text/csv; charset=utf-8", headers=_HEADERS | named
            )

        return self._answer(request, file)

    async def style(self) -> Response:
        """Give the style sheet; its address changes with its content, so it may be kept."""
        kept = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}
        return Response(self._style, media_type="text/css", headers=kept)

    async def mark(self) -> Response:
        """Give the product's mark."""
        kept = {"cache-control": "public, max-age=86400", "x-content-type-options": "nosniff"}
        return Response(self._mark, media_type="image/svg+xml", headers=kept)

    def _answer(self, request: Request, make: Callable[[OffersReport], Response]) -> Response:
        """Make an answer from the report, or show in words why there is none."""
        report: OffersReport | None = None
        try:
            report = self._reader.latest()
            return make(report)
        except ReportMissingError:
            # Not having measured yet is where everyone starts, so the list itself is no error.
            on_list = request.url.path.endswith("/offers")
            return self._page(request, "empty.html", 200 if on_list else 404)
        except FeatureError as error:
            offers = report.offers if report and isinstance(error, OfferNotFoundError) else ()
            return self._page(request, "error.html", error.status, error=error, offers=offers)

    def _page(
        self, request: Request, template: str, status: int = 200, **values: object
    ) -> Response:
        """Render a page in the frame."""
        root = str(request.scope.get("root_path", "")).rstrip("/")
        html = self._templates.get_template(template).render(root=root, here="offers", **values)
        return Response(html, status, headers=_HEADERS, media_type="text/html; charset=utf-8")


def _environment(style_version: str) -> jinja2.Environment:
    """Return the templates: everything is escaped, and a name that is not given is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "words": wording,
        "style_version": style_version,
        "report_command": REPORT_COMMAND,
    }
    return environment
