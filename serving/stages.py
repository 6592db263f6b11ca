"""How long each stage of a decision takes: one contact in sixty-four is watched.

`read` is from the request to the contact, `look_up` the time in the strategy file, `score` that in
the live models, `identify` what deciding takes beside them, `log` the handing over to the log.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from routing.in_force import InForce, LiveModels
from routing.open_set import OpenSet
from routing.quick import Quick
from serving.log_entry import LoggedDecision
from serving.metrics import STAGES, Metrics

P = ParamSpec("P")
R = TypeVar("R")

EVERY = 64
_LOOK_UPS = frozenset(
    {"by_customer", "by_phone", "sharing", "by_answers", "vector_of"}
    | {"ready_by_customer", "ready_by_phone"}
)
_SCORES = frozenset({"scores", "reasons"})


class Spent:
    """Seconds spent behind the watched objects, of one contact."""

    __slots__ = ("look_up", "score")

    def __init__(self) -> None:
        self.look_up = 0.0
        self.score = 0.0


class _Timed:
    """What it stands for, but that the time of these calls is added to a stage."""

    def __init__(
        self, watched: OpenSet | LiveModels, calls: frozenset[str], spent: Spent, *, stage: str
    ) -> None:
        self._watched = watched
        self._calls = calls
        self._spent = spent
        self._stage = stage

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._watched, name)
        return self._timed(found) if name in self._calls else found

    def _timed(self, call: Callable[P, R]) -> Callable[P, R]:
        def timed(*args: P.args, **more: P.kwargs) -> R:
            began = time.perf_counter()
            try:
                return call(*args, **more)
            finally:
                taken = time.perf_counter() - began
                setattr(self._spent, self._stage, getattr(self._spent, self._stage) + taken)

        return timed


class Watched:
    """One contact whose stages are timed; `answering` is asked in the place of the usual one."""

    def __init__(self, answering: Quick, *, started: float) -> None:
        self._read = time.perf_counter() - started
        self._spent = Spent()
        self.answering = _over(answering.in_force, self._spent)
        self._began = time.perf_counter()
        self._decided = self._began

    def decided(self) -> str:
        """Note that the answer is made; return the stages so far, as the log keeps them (JSON)."""
        self._decided = time.perf_counter()
        seconds = self._seconds()
        return json.dumps({name: round(seconds[name] * 1e6) for name in STAGES[:-1]})

    def logged(self, entry: LoggedDecision, metrics: Metrics) -> None:
        """Note that the decision is handed to the log, and count every stage that it had."""
        seconds = {**self._seconds(), "log": time.perf_counter() - self._decided}
        if not seconds["score"]:
            del seconds["score"]
        for name, taken in seconds.items():
            metrics.stages[name].observe(taken)
        if metrics.spans is not None:
            metrics.spans.add(entry, seconds)

    def _seconds(self) -> dict[str, float]:
        spent = self._spent
        return {
            "read": self._read,
            "identify": self._decided - self._began - spent.look_up - spent.score,
            "look_up": spent.look_up,
            "score": spent.score,
        }


def _over(in_force: InForce, spent: Spent) -> Quick:
    """Return what answers over a copy of what is in force, whose look-ups and scores are timed."""
    watched = copy.copy(in_force)
    strategies, live = in_force.strategies, in_force.live
    if strategies is not None:
        watched.strategies = cast(OpenSet, _Timed(strategies, _LOOK_UPS, spent, stage="look_up"))
    if live is not None:
        watched.live = cast(LiveModels, _Timed(live, _SCORES, spent, stage="score"))
    return Quick(watched)
