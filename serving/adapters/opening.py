"""Opening the desk over what the application shares."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from serving.adapters.counters import Counters
from serving.adapters.desk import Deciding, Desk, HasInForce, Log
from serving.adapters.routers_file import Routers
from serving.answered import Answered
from serving.clock import Clock
from serving.shedding import Load


def open_desk(
    decider: Deciding,
    following: HasInForce,
    *,
    routers: Routers,
    log: Log,
    shared_file: Path,
    registry: CollectorRegistry,
    clock: Clock,
) -> Desk:
    """Return the desk at which every adapter's contact is answered."""
    return Desk(
        decider,
        following,
        answered=Answered(shared_file, life=timedelta(seconds=routers.same_answer_seconds)),
        log=log,
        counters=Counters.in_registry(registry),
        clock=clock,
        load=Load(most_in_flight=routers.most_in_flight),
    )
