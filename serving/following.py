"""Following what is published: a thread looks, loads and warms beside; answers go on meanwhile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from routing.exploration import Exploration
from routing.exploring import NO_EXPLORATION
from routing.in_force import InForce, LiveModels
from routing.offer_states import Standings
from routing.open_set import OpenSet
from routing.quick import Quick
from routing.slots import SlotPlan

_log = logging.getLogger("callworth.serving")

CHECK_SECONDS = 1.0
_END_SECONDS = 5.0


class Strategies(Protocol):
    """What gives the strategy set in force, such as a StrategyReader."""

    def snapshot(self) -> OpenSet | None:
        """Return the set in force, or None."""
        ...


class Plans(Protocol):
    """What gives the plan of on and off slots, such as a PlanReader."""

    def current(self) -> SlotPlan | None:
        """Return the plan, or None."""
        ...


class Offers(Protocol):
    """What gives marketing's decisions on offers, such as an OfferStates."""

    def current(self) -> Standings:
        """Return the standing of each offer that was ever decided on."""
        ...


class Models(Protocol):
    """What gives the model set that scores live, such as a LiveStore."""

    def current(self) -> LiveModels | None:
        """Return the model set, or None."""
        ...


class Following:
    """Holds what is in force; a new one is made beside the old and put in its place in one step.

    `answering` is read once for each contact, and used for all of its answer.
    """

    def __init__(
        self,
        *,
        strategies: Strategies,
        experiment: Plans,
        offers: Offers,
        models: Models | None = None,
        hold_back_share: float = 0.0,
        exploration: Exploration = NO_EXPLORATION,
        introduce: Callable[[InForce], None] = lambda _new: None,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        """`introduce` hears of each new InForce before the first answer that rests on it."""
        self._strategies = strategies
        self._experiment = experiment
        self._offers = offers
        self._models = models
        self._hold_back_share = hold_back_share
        self._exploration = exploration
        self._introduce = introduce
        self._check_seconds = check_seconds
        self._seen: tuple[object, ...] | None = None
        self._looking = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)
        self.trouble: str | None = None
        self.answering = Quick(InForce(hold_back_share=hold_back_share, exploration=exploration))

    @property
    def in_force(self) -> InForce:
        """What is in force; hold it for all that one answer needs."""
        return self.answering.in_force

    def start(self) -> None:
        """Look once, then go on looking in a thread of its own."""
        self._introduce(self.in_force)  # a first look that fails leaves this in force
        self.look()
        self._thread.start()

    def look(self) -> None:
        """Take what was published since; whatever lies there, what is in force goes on."""
        with self._looking:
            try:
                self._take()
            except Exception as error:  # a new set that breaks must not end the old one's service
                self.trouble = f"What was published last cannot be taken: {error!r}."
                _log.error("%s", self.trouble, exc_info=error)
            else:
                self.trouble = None

    def close(self) -> None:
        """Stop looking."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def _follow(self) -> None:
        while not self._ended.wait(self._check_seconds):
            self.look()

    def _take(self) -> None:
        strategies = self._strategies.snapshot()
        plan, standings = self._experiment.current(), self._offers.current()
        live = self._models.current() if self._models is not None else None
        found = (strategies, plan, standings, live)
        if self._seen is not None and all(a is b for a, b in zip(found, self._seen, strict=True)):
            return
        if strategies is not None:
            strategies.warm()
        made = InForce(
            strategies=strategies,
            plan=plan,
            standings=standings,
            hold_back_share=self._hold_back_share,
            exploration=self._exploration,
            live=live,
        )
        self._introduce(made)
        self.answering = Quick(made)
        self._seen = found
