"""The one wiring place: opens what the server works with, and puts the endpoints together."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Route

from routing.slot_file import PlanReader
from routing.strategy_reader import StrategyReader
from serving.adapters.opening import open_desk
from serving.adapters.routers_file import Routers, read_routers
from serving.adapters.routes import ENDPOINTS as ADAPTERS
from serving.adapters.routes import build_adapters
from serving.answered import FILE as ANSWERED
from serving.clock import Clock, system_clock
from serving.decisions import DECIDE, Decider
from serving.endpoints import Endpoint
from serving.following import Following
from serving.health import LIVE, READY, build_health
from serving.identity import KeyRing
from serving.log import DecisionLog
from serving.metrics import READ_METRICS, Metrics, build_metrics, new_metrics
from serving.model_store import ModelStore
from serving.offer_states import OfferStates
from serving.openapi import build_description
from serving.outcomes import REPORT_OUTCOME, build_outcomes
from serving.pages.routes import build_pages
from serving.predictions import PREDICT, Predictor, build_predictions
from serving.problems import install_problems
from serving.settings import Settings
from serving.strategies import READ_STRATEGY, build_strategies

_log = logging.getLogger("callworth.serving")

ENDPOINTS: tuple[Endpoint, ...] = (
    DECIDE,
    PREDICT,
    READ_STRATEGY,
    REPORT_OUTCOME,
    LIVE,
    READY,
    READ_METRICS,
    *ADAPTERS,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the endpoints share."""

    settings: Settings
    routers: Routers
    clock: Clock
    keys: KeyRing
    strategies: StrategyReader
    experiment: PlanReader
    offers: OfferStates
    models: ModelStore
    following: Following
    log: DecisionLog
    metrics: Metrics


def build_app(settings: Settings, *, clock: Clock = system_clock) -> FastAPI:
    """Return the application; its log starts and ends with its lifespan.

    Raises KeysRequiredError where a key must be asked for and there is none.
    """
    strategies = StrategyReader(settings.strategies_folder, check_seconds=0.0)
    experiment = PlanReader(settings.experiment_file, check_seconds=0.0)
    offers = OfferStates(settings.home, check_seconds=0.0)
    parts = Parts(
        settings=settings,
        routers=read_routers(settings.home),
        clock=clock,
        keys=KeyRing.opened(settings),
        strategies=strategies,
        experiment=experiment,
        offers=offers,
        models=ModelStore(settings.models_folder),
        following=Following(
            strategies=strategies,
            experiment=experiment,
            offers=offers,
            hold_back_share=settings.hold_back_share,
            exploration=settings.exploration,
        ),
        log=DecisionLog(settings.log_file),
        metrics=new_metrics(),
    )
    app = FastAPI(
        title="Callworth",
        lifespan=lambda _app: _running(parts),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would leave before key and host are looked at
    )
    app.state.parts = parts
    install_problems(app)
    _add_endpoints(app, parts)
    app.include_router(build_description(app, ENDPOINTS, version=installed_version()))
    app.add_api_route("/", _front, include_in_schema=False)
    app.include_router(build_pages(settings.home, keys=parts.keys, clock=clock))
    return app


def _add_endpoints(app: FastAPI, parts: Parts) -> None:
    decider = Decider(
        parts.following, log=parts.log, metrics=parts.metrics, keys=parts.keys, clock=parts.clock
    )
    # First in the list and raw: this is the route whose every microsecond is waited for.
    app.router.routes.insert(0, Route(DECIDE.path, decider, methods=["POST"]))
    predictor = Predictor(following=parts.following, models=parts.models, clock=parts.clock)
    app.include_router(build_predictions(predictor, metrics=parts.metrics, keys=parts.keys))
    app.include_router(build_strategies(parts.following, parts.keys))
    app.include_router(
        build_outcomes(
            parts.log,
            metrics=parts.metrics,
            keys=parts.keys,
            clock=parts.clock,
            workers=parts.settings.workers,
        )
    )
    app.include_router(
        build_health(
            following=parts.following,
            strategies=parts.strategies,
            experiment=parts.experiment,
            offers=parts.offers,
            models=parts.models,
            log=parts.log,
            keys=parts.keys,
            clock=parts.clock,
        )
    )
    app.include_router(build_metrics(parts.metrics, parts.log, parts.keys))
    desk = open_desk(
        decider,
        parts.following,
        routers=parts.routers,
        log=parts.log,
        shared_file=parts.settings.log_file.with_name(ANSWERED),
        registry=parts.metrics.registry,
        clock=parts.clock,
    )
    app.include_router(build_adapters(desk, parts.routers, keys=parts.keys, metrics=parts.metrics))


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
    yield
    parts.following.close()
    parts.log.close()
    parts.strategies.close()


def installed_version() -> str:
    """Return the version of this package, or `unknown` where it is not installed."""
    try:
        return version("callworth")
    except PackageNotFoundError:
        return "unknown"
