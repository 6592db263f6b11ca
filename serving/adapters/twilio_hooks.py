"""Twilio's signed call-backs: what becomes of a reservation, and news of tasks and workers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from serving.adapters.routers_file import TwilioSettings
from serving.adapters.signature import HEADER, SETTINGS_HEADER, is_signed
from serving.adapters.twilio import address_of
from serving.bodies import FORM, read_body
from serving.endpoints import Endpoint
from serving.metrics import Metrics
from serving.problems import ProblemError

_MOST_FIELDS = 200
_REFUSALS = (403, 404, 408, 413, 415, 422)


class Instruction(msgspec.Struct, frozen=True, omit_defaults=True):
    """What becomes of a reservation; a call is dequeued to its worker, other tasks are accepted."""

    instruction: str
    from_: str | None = msgspec.field(name="from", default=None)
    post_work_activity_sid: str | None = None


ASSIGN = Endpoint(
    method="POST",
    path="/v1/adapters/twilio/assignment",
    summary="Twilio TaskRouter: what becomes of a reservation",
    text=(
        "The assignment call-back of a workflow, a form signed by Twilio. A call is dequeued to"
        " its worker, any other task accepted; attributes that cannot be read change nothing"
        " about that."
    ),
    answer=Instruction,
    problems=_REFUSALS,
)
HEAR = Endpoint(
    method="POST",
    path="/v1/adapters/twilio/events",
    summary="Twilio TaskRouter: news of tasks, reservations and workers",
    text="The event call-back of a workspace, a form signed by Twilio; answered 204 at once.",
    status=204,
    problems=_REFUSALS,
)


def instruction_for(parameters: dict[str, str], *, settings: TwilioSettings) -> Instruction:
    """Return what becomes of a reservation, by the fields of an assignment call-back.

    A call is dequeued, with the number that was dialled as the caller's number if it is known.
    """
    attributes = _attributes(parameters.get("TaskAttributes", ""))
    if parameters.get("TaskChannelUniqueName", "voice") != "voice" or "call_sid" not in attributes:
        return Instruction("accept")
    return Instruction(
        "dequeue",
        from_=address_of(attributes, "to") or address_of(attributes, "called"),
        post_work_activity_sid=settings.post_work_activity_sid,
    )


def _attributes(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def build_twilio(settings: TwilioSettings | None, metrics: Metrics) -> APIRouter:
    """Return the endpoints that Twilio calls; without settings they are not there (404)."""
    router = APIRouter()
    encode = msgspec.json.Encoder().encode

    @router.post(ASSIGN.path)
    async def assign(request: Request) -> Response:
        known, parameters = await _heard(request, settings, metrics)
        return Response(
            encode(instruction_for(parameters, settings=known)), media_type="application/json"
        )

    @router.post(HEAR.path)
    async def hear(request: Request) -> Response:
        await _heard(request, settings, metrics)
        return Response(status_code=204)

    return router


async def _heard(
    request: Request, settings: TwilioSettings | None, metrics: Metrics
) -> tuple[TwilioSettings, dict[str, str]]:
    try:
        if settings is None:
            raise ProblemError(
                404,
                "Twilio is not set up here.",
                fix="Add [twilio] with auth_token and public_url to routers.toml, and restart.",
            )
        pairs = _pairs(await read_body(request.headers, request.receive, media_type=FORM))
        _check(request, pairs, settings)
    except ProblemError as error:
        metrics.count_problem("twilio", error.status)
        raise
    return settings, dict(pairs)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise ProblemError(
            422, f"The form has over {_MOST_FIELDS} fields.", fix="Send what Twilio sends."
        ) from None


def _check(request: Request, pairs: list[tuple[str, str]], settings: TwilioSettings) -> None:
    query = f"?{request.url.query}" if request.url.query else ""
    if not is_signed(
        f"{settings.public_url}{request.url.path}{query}",
        pairs,
        token=settings.auth_token,
        given=request.headers.get(HEADER, ""),
        settings=request.headers.get(SETTINGS_HEADER, ""),
    ):
        raise ProblemError(
            403,
            "The signature is not Twilio's for this address and these parameters.",
            fix="Check auth_token and public_url in routers.toml: the address as Twilio calls it.",
            field=HEADER,
        )
