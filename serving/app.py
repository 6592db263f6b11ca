"""The one wiring place: opens what the server works with, and puts the endpoints together."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from serving.adapters.opening import open_desk
from serving.adapters.routes import ENDPOINTS as ADAPTERS
from serving.adapters.routes import build_adapters
from serving.answered import FILE as ANSWERED
from serving.clock import Clock, system_clock
from serving.decisions import DECIDE, Decider
from serving.direct import Direct
from serving.endpoints import Endpoint
from serving.health import LIVE, READY, build_health
from serving.inference import build_inference
from serving.inference_endpoints import INFERENCE
from serving.metrics import READ_METRICS, build_metrics
from serving.openapi import build_description
from serving.outcomes import REPORT_OUTCOME, build_outcomes
from serving.pages.routes import build_pages
from serving.parts import Parts, open_parts
from serving.predictions import PREDICT, Predictor, build_predictions
from serving.problems import install_problems
from serving.security_headers import secured
from serving.settings import Settings
from serving.state_gauges import EVERY_SECONDS
from serving.strategies import READ_STRATEGY, build_strategies
from serving.structured_logs import named

_log = logging.getLogger("callworth.serving")

ENDPOINTS: tuple[Endpoint, ...] = (
    DECIDE,
    PREDICT,
    READ_STRATEGY,
    REPORT_OUTCOME,
    LIVE,
    READY,
    READ_METRICS,
    *INFERENCE,
    *ADAPTERS,
)


class Application(FastAPI):
    """The application, with the one route before all else whose every microsecond is waited for.

    No middleware and no matching of paths stand before a decision: they would take as long as it.
    """

    decider: Decider
    # What its connections share; by it most decisions do not even come here.
    direct: Direct
    # The others look at what a proxy before them says of the caller's address and scheme.
    others: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if (
            scope["type"] == "http"
            and scope["path"] == DECIDE.path
            and scope["method"] == DECIDE.method
        ):
            await self.decider(scope, receive, send)
        else:
            await self.others(scope, receive, send)

    async def other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that is no decision."""
        await super().__call__(scope, receive, secured(scope, named(scope, send)))


def build_app(settings: Settings, *, clock: Clock = system_clock, apart: bool = False) -> FastAPI:
    """Return the application; its log starts and ends with its lifespan.

    Raises KeysRequiredError where a key must be asked for and there is none.
    """
    parts = open_parts(settings, clock=clock, apart=apart)
    app = Application(
        title="Callworth",
        lifespan=lambda _app: _running(parts),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would leave before key and host are looked at
    )
    trusted = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")  # uvicorn's own setting
    behind = ProxyHeadersMiddleware(cast(Any, app.other), trusted_hosts=trusted)
    app.others = cast(ASGIApp, behind)
    app.state.parts = parts
    install_problems(app)
    _add_endpoints(app, parts)
    app.include_router(build_description(app, ENDPOINTS, version=installed_version()))
    app.add_api_route("/", _front, include_in_schema=False)
    app.include_router(
        build_pages(settings.home, keys=parts.keys, sign_in=parts.sign_in, clock=clock)
    )
    return app


def _add_endpoints(app: Application, parts: Parts) -> None:
    keys, metrics, log, clock = parts.keys, parts.metrics, parts.log, parts.clock
    decider = Decider(parts.following, log=log, metrics=metrics, keys=keys, clock=clock)
    app.decider, app.direct = decider, Direct(decider)
    app.router.routes.insert(0, Route(DECIDE.path, decider, methods=[DECIDE.method]))
    _add_models(app, parts)
    app.include_router(build_strategies(parts.following, keys))
    workers = parts.settings.workers
    app.include_router(
        build_outcomes(log, metrics=metrics, keys=keys, clock=clock, workers=workers)
    )
    app.include_router(
        build_health(
            following=parts.following,
            strategies=parts.strategies,
            experiment=parts.experiment,
            offers=parts.offers,
            models=parts.live,
            log=log,
            keys=keys,
            clock=clock,
        )
    )
    app.include_router(build_metrics(metrics, log, keys))
    desk = open_desk(
        decider,
        parts.following,
        routers=parts.routers,
        log=log,
        shared_file=parts.settings.log_file.with_name(ANSWERED),
        registry=metrics.registry,
        clock=clock,
    )
    app.include_router(build_adapters(desk, parts.routers, keys=keys, metrics=metrics))


def _add_models(app: FastAPI, parts: Parts) -> None:
    predictor = Predictor(
        following=parts.following, live=parts.live, models=parts.models, clock=parts.clock
    )
    app.include_router(build_predictions(predictor, metrics=parts.metrics, keys=parts.keys))
    app.include_router(
        build_inference(
            parts.live_models, keys=parts.keys, metrics=parts.metrics, version=installed_version()
        )
    )


async def _front() -> RedirectResponse:
    return RedirectResponse("/offers")


@asynccontextmanager
async def _running(parts: Parts) -> AsyncIterator[None]:
    if parts.keys.open_house:
        _log.warning(
            "No keys in %s: anyone on this machine may ask anything.", parts.settings.keys_file
        )
    parts.log.start()
    parts.following.start()
    looking = asyncio.create_task(_keep_looking(parts))
    yield
    looking.cancel()
    parts.following.close()
    parts.log.close()
    parts.strategies.close()


async def _keep_looking(parts: Parts) -> None:
    """Keep the gauges of this worker fresh: whichever worker is asked shows them all."""
    state = parts.metrics.state
    while True:
        state.look_at(parts.following, problem=parts.strategies.problem)
        state.look_at_log(parts.log)
        parts.metrics.tally.flush()
        await asyncio.sleep(EVERY_SECONDS)


def installed_version() -> str:
    """Return the version of this package, or `unknown` where it is not installed."""
    try:
        return version("callworth")
    except PackageNotFoundError:
        return "unknown"
