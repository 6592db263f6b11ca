"""Whether the server lives, and what it answers with: strategy set, model set, log, keys."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import msgspec
from fastapi import APIRouter
from starlette.responses import Response

from routing.open_set import OpenSet
from routing.slot_file import PlanReader
from routing.strategy_reader import StrategyReader
from serving.clock import Clock
from serving.endpoints import Endpoint
from serving.following import Following
from serving.identity import KeyRing
from serving.live_store import LiveStore
from serving.log import DecisionLog
from serving.offer_states import OfferStates

# Strategies are formed every night; a set of two days ago means that a night was missed.
STALE_AFTER = timedelta(hours=48)


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    alive: bool = True


class ServedSet(msgspec.Struct, frozen=True):
    """The strategy set in force."""

    label: str
    customers: int
    formed_at: datetime
    age_seconds: int
    model_set: str


class LogState(msgspec.Struct, frozen=True):
    """How far the log is: entries that wait, and decisions that could not be logged."""

    waiting: int
    dropped: int


class Ready(msgspec.Struct, frozen=True):
    """What the server answers with; `degraded` says in words what is not as it should be.

    `ready` is always true: without a strategy set every contact still gets its default route.
    """

    ready: bool
    degraded: tuple[str, ...]
    strategy_set: ServedSet | None
    model_set: str | None
    log: LogState


LIVE = Endpoint(
    method="GET",
    path="/health/live",
    summary="Whether the process answers",
    text="For a supervisor: no answer means restart.",
    answer=Alive,
)
READY = Endpoint(
    method="GET",
    path="/health/ready",
    summary="What the server answers with",
    text="Always ready, since every contact gets a route; `degraded` says what is missing.",
    answer=Ready,
)


def build_health(
    *,
    following: Following,
    strategies: StrategyReader,
    experiment: PlanReader,
    offers: OfferStates,
    models: LiveStore,
    log: DecisionLog,
    keys: KeyRing,
    clock: Clock,
) -> APIRouter:
    """Return the health endpoints; they need no key and name no customer."""
    router = APIRouter()
    encode = msgspec.json.Encoder().encode

    @router.get(LIVE.path)
    async def live() -> Response:
        return Response(encode(Alive()), media_type="application/json")

    @router.get(READY.path)
    async def ready() -> Response:
        await asyncio.to_thread(following.look)
        in_force = following.in_force
        served = _served(in_force.strategies, now=clock())
        troubles = (
            following.trouble,
            strategies.problem,
            _stale(served),
            experiment.trouble,
            offers.trouble,
            models.trouble,
            log.trouble,
            f"{log.dropped} decisions could not be logged." if log.dropped else None,
            keys.trouble,
        )
        state = Ready(
            ready=True,
            degraded=tuple(trouble for trouble in troubles if trouble),
            strategy_set=served,
            model_set=in_force.live.version if in_force.live is not None else None,
            log=LogState(log.waiting, log.dropped),
        )
        return Response(encode(state), media_type="application/json")

    return router


def _served(found: OpenSet | None, *, now: datetime) -> ServedSet | None:
    if found is None:
        return None
    header = found.header
    age = int((now - header.formed_at).total_seconds())
    return ServedSet(header.label, header.customers, header.formed_at, age, header.model_set)


def _stale(served: ServedSet | None) -> str | None:
    if served is None or served.age_seconds <= STALE_AFTER.total_seconds():
        return None
    hours = served.age_seconds // 3600
    return f"Strategy set {served.label} is {hours} hours old; form the strategies again."
