"""Refusals as application/problem+json (RFC 9457): what is wrong, where, the fix."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from features.errors import FeatureError
from routing.errors import RoutingError
from serving.errors import ServingError

MEDIA_TYPE = "application/problem+json"
DOCUMENTATION = "/docs#problems"

_log = logging.getLogger("callworth.serving")
_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One refusal; `field` is the path in the body or the name of a parameter or header."""

    title: str
    status: int
    detail: str
    fix: str
    field: str | None = None
    allowed: tuple[str, ...] = ()
    type: str = msgspec.field(default="")


class ProblemError(Exception):
    """A refusal on its way to the asker."""

    def __init__(
        self,
        status: int,
        fact: str,
        *,
        fix: str,
        field: str | None = None,
        allowed: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{fact} {fix}")
        self.status = status
        self.fact = fact
        self.fix = fix
        self.field = field
        self.allowed = allowed
        self.headers = dict(headers or {})

    @property
    def document(self) -> Problem:
        """The problem document."""
        return Problem(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.fact,
            fix=self.fix,
            field=self.field,
            allowed=self.allowed,
            type=f"{DOCUMENTATION}-{self.status}",
        )

    def response(self, document: Problem | None = None) -> Response:
        """Return the answer to send; `document` may say more than this one's own."""
        return Response(
            _encode(document or self.document),
            status_code=self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def as_problem(error: Exception) -> ProblemError:
    """Return the refusal for any error: an expected one keeps its words, others say nothing."""
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, ServingError | RoutingError | FeatureError):
        return ProblemError(error.status, error.fact, fix=error.fix)
    return ProblemError(
        500,
        "The server failed in a way that nobody foresaw.",
        fix="Look for this moment in the server's output, and report it.",
    )


async def send_problem(error: ProblemError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a raw ASGI request with the refusal."""
    await error.response()(scope, receive, send)


def install_problems(app: FastAPI) -> None:
    """Make every refusal of the application a problem document, the framework's own included."""
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(RequestValidationError, _parameters)
    # The base of all is handled outside the framework's own layers, which raises it again after
    # the answer: only what nobody foresaw may go that way.
    for kind in (ProblemError, ServingError, RoutingError, FeatureError, Exception):
        app.add_exception_handler(kind, _raised)


async def _raised(request: Request, error: Exception) -> Response:
    problem = as_problem(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        # The route as declared: an address may hold a customer's id.
        route = getattr(request.scope.get("route"), "path", "an unknown route")
        _log.error("%s %s failed", request.method, route, exc_info=error)
    return problem.response()


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # registered for this class only
    path, method, headers = request.url.path, request.method, dict(error.headers or {})
    allowed: tuple[str, ...] = ()
    if error.status_code == HTTPStatus.NOT_FOUND:
        fact, fix = f"There is nothing at {path}.", "The endpoints are listed at /docs."
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = tuple(headers.get("Allow", "").replace(" ", "").split(","))
        fact, fix = f"{path} does not take {method}.", f"Use {' or '.join(allowed)}."
    else:
        fact, fix = str(error.detail), "See /docs."
    return ProblemError(
        error.status_code, fact, fix=fix, allowed=allowed, headers=headers
    ).response()


async def _parameters(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # registered for this class only
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    return ProblemError(
        422, f"{field}: {first['msg']}.", fix="Correct this parameter; see /docs.", field=field
    ).response()
