"""The frame that every page stands in: templates, navigation, headers, and the states without."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jinja2
from fastapi import Request, Response

from features.errors import FeatureError
from routing.errors import RoutingError
from serving.errors import ServingError
from serving.pages import wording
from serving.pages.report_file import ReportMissingError

HERE = Path(__file__).parent
# Nothing is loaded but our own style sheet and mark; no script runs, no frame holds a page.
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    # To our own pages alone: with none at all a browser would not say that a form is ours.
    "referrer-policy": "same-origin",
    "cache-control": "private, no-cache",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the navigation."""

    name: str
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A way on from a page that cannot be shown."""

    label: str
    path: str


class Frame:
    """Makes answers that look alike; `navigation` is shown on each."""

    def __init__(self, navigation: Sequence[Line]) -> None:
        self._navigation = tuple(navigation)
        self.style = (HERE / "style.css").read_bytes()
        self.mark = (HERE / "mark.svg").read_bytes()
        self._templates = _environment(hashlib.sha256(self.style).hexdigest()[:12])

    def page(
        self, request: Request, template: str, *, here: str, status: int = 200, **values: object
    ) -> Response:
        """Return a page; `here` names its line in the navigation."""
        html = self._templates.get_template(template).render(
            root=root_of(request),
            here=here,
            navigation=self._navigation,
            signed_in=getattr(request.state, "signed_in", None),
            **values,
        )
        return Response(html, status, headers=HEADERS, media_type="text/html; charset=utf-8")

    def csv(self, text: str, *, name: str) -> Response:
        """Return a file to keep; of `name`, without its ending, what is not plain is a dash."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
        named = {"content-disposition": f'attachment; filename="{plain}.csv"'}
        return Response(text, media_type="text/csv; charset=utf-8", headers=HEADERS | named)

    def answer(
        self,
        request: Request,
        make: Callable[[], Response],
        *,
        here: str,
        choices: Callable[[], Sequence[Choice]] = tuple,
    ) -> Response:
        """Return what `make` makes, or say in words why there is nothing; `choices` lead on."""
        try:
            return make()
        except ReportMissingError as error:
            # Not having measured yet is where everyone starts, so the page itself is no error.
            start = {line.path for line in self._navigation if line.name == here}
            at_start = request.url.path.removeprefix(root_of(request)) in start
            status = 200 if at_start else error.status
            return self.page(request, "empty.html", here=here, status=status, about=error.about)
        except (FeatureError, ServingError, RoutingError) as error:
            ways = choices() if error.status == 404 else ()
            return self.refusal(request, error, here=here, choices=ways)

    def refusal(
        self,
        request: Request,
        error: FeatureError | ServingError | RoutingError,
        *,
        here: str,
        choices: Sequence[Choice] = (),
    ) -> Response:
        """Return the page of an expected failure: the fact, the fix, and ways on."""
        return self.page(
            request,
            "error.html",
            here=here,
            status=error.status,
            error=error,
            file=getattr(error, "file", None),
            choices=choices,
        )


def root_of(request: Request) -> str:
    """Return what stands before our own addresses, behind a proxy; else an empty text."""
    return str(request.scope.get("root_path", "")).rstrip("/")


@lru_cache(maxsize=2)
def _environment(style_version: str) -> jinja2.Environment:
    """Return the templates: everything is escaped, and a name that is not given is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"words": wording, "style_version": style_version}
    return environment
