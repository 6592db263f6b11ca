"""The adapters' endpoints over one desk: a router's own message in, its own answer out."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from serving.adapters import (
    connect,
    connect_routing,
    genesys,
    genesys_scores,
    kamailio,
    mapped,
    twilio,
    twilio_hooks,
)
from serving.adapters.contract import Adapter
from serving.adapters.desk import Call, Desk
from serving.adapters.routers_file import TWILIO_DEADLINE_MS, JsonRouter, Routers
from serving.bodies import Body, nearest, read_body
from serving.deadlines import Deadline
from serving.endpoints import Endpoint
from serving.identity import KeyRing, Use
from serving.metrics import Metrics
from serving.problems import ProblemError
from serving.rate_limits import why_too_fast

ENDPOINTS: tuple[Endpoint, ...] = (
    connect.ATTRIBUTES,
    connect_routing.ROUTING,
    twilio.ATTRIBUTES,
    twilio_hooks.ASSIGN,
    twilio_hooks.HEAR,
    genesys.ATTACH,
    genesys_scores.SCORE,
    kamailio.RTJSON,
    mapped.MAPPED,
)

Choose = Callable[[Request], Adapter[Any]]


def build_adapters(desk: Desk, routers: Routers, *, keys: KeyRing, metrics: Metrics) -> APIRouter:
    """Return the endpoints of all adapters."""
    router = APIRouter()
    asking = _Asking(desk, routers, keys, metrics)
    for one in _always(routers):
        _add(router, one.endpoint, asking, _only(one))
    _add(router, kamailio.RTJSON, asking, _kamailio(routers))
    _add(router, mapped.MAPPED, asking, _json(routers.json))
    router.include_router(twilio_hooks.build_twilio(routers.twilio, metrics))
    return router


def _only(adapter: Adapter[Any]) -> Choose:
    return lambda _request: adapter


def _always(routers: Routers) -> tuple[Adapter[Any], ...]:
    """Return the adapters that need nothing said in routers.toml."""
    patience = routers.twilio.deadline_ms if routers.twilio else TWILIO_DEADLINE_MS
    return (
        connect.adapter(routers.connect),
        connect_routing.adapter(routers.connect),
        twilio.adapter(deadline_ms=patience),
        genesys.adapter(routers.genesys),
        genesys_scores.adapter(routers.genesys),
    )


def _kamailio(routers: Routers) -> Choose:
    one = kamailio.adapter(routers.kamailio) if routers.kamailio is not None else None

    def choose(_request: Request) -> Adapter[Any]:
        if one is None:
            raise ProblemError(
                404,
                "Kamailio is not set up here.",
                fix="Add [kamailio] with the queues' addresses to routers.toml, and restart.",
            )
        return one

    return choose


def _json(routers: dict[str, JsonRouter]) -> Choose:
    found = {name: mapped.adapter(name, one) for name, one in routers.items()}

    def choose(request: Request) -> Adapter[Any]:
        name = request.path_params["router"]
        if name not in found:
            raise ProblemError(
                404,
                f"There is no router {name[:80]!r}.",
                fix=f"Add [json.NAME] to routers.toml, and restart.{nearest(name, found)}",
                field="router",
                allowed=tuple(found),
            )
        return found[name]

    return choose


class _Asking:
    """What the handlers share."""

    def __init__(self, desk: Desk, routers: Routers, keys: KeyRing, metrics: Metrics) -> None:
        self._desk = desk
        self._routers = routers
        self._keys = keys
        self._metrics = metrics

    async def answer(self, request: Request, choose: Choose, body: Body[Any]) -> Any:
        """Return the vendor's answer to one request."""
        started = time.perf_counter()
        name = "adapter"
        try:
            key = self._keys.admit(request.headers, Use.DECIDE)
            adapter = choose(request)
            name = adapter.name
            message = body.decode(await read_body(request.headers, request.receive))
            contact = adapter.contact_of(message)
        except ProblemError as error:
            self._metrics.count_problem(name, error.status)
            raise
        client = self._routers.clients.get(key.name)
        usual = client.deadline_ms if client else adapter.deadline_ms
        deadline = Deadline.of(contact.deadline_ms or usual, started=started)
        too_fast = None
        if self._keys.limits.wait_seconds(key) > 0.0:
            too_fast = why_too_fast(key)
            self._metrics.limited.labels(key.name).inc()
        decision = await self._desk.decide(Call(contact, name, key.name, deadline, too_fast))
        return adapter.answer_of(decision, message)


def _add(router: APIRouter, endpoint: Endpoint, asking: _Asking, choose: Choose) -> None:
    body: Body[Any] = Body(endpoint.body)
    encode = msgspec.json.Encoder().encode

    @router.post(endpoint.path)
    async def answer(request: Request) -> Response:
        try:
            found = await asking.answer(request, choose, body)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        return Response(encode(found), media_type="application/json")
