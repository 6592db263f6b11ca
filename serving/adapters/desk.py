"""The one way that every adapter's contact takes: asked before, too many, in time, logged."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import msgspec

from routing.answer import Decision
from routing.contact import Contact
from routing.default_route import default_for
from routing.in_force import InForce
from routing.instants import Instants
from serving.adapters.counters import Counters, Kept
from serving.answered import Answered, key_of, question_of
from serving.clock import Clock
from serving.deadlines import Deadline, within
from serving.entries import Asked, entry_of
from serving.log_entry import LoggedDecision
from serving.shedding import Load
from serving.threads import Threads

# Look-ups take microseconds: the threads are there so that a disk that hangs holds up no timer.
THREADS = 4


class Deciding(Protocol):
    """What decides one contact, such as the Decider."""

    def answer(
        self, contact: Contact, *, now: datetime, in_force: InForce | None = None
    ) -> Decision:
        """Return the decision; never raises."""
        ...


class HasInForce(Protocol):
    """What knows what is in force, such as Following."""

    @property
    def in_force(self) -> InForce:
        """What is in force."""
        ...


class Log(Protocol):
    """What takes a decision to be written, such as the DecisionLog."""

    def add(self, decision: LoggedDecision) -> bool:
        """Queue a decision; False when there is no room."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One contact as it reached us: by which adapter, from whom, and how long they wait."""

    contact: Contact
    adapter: str
    asked_by: str
    deadline: Deadline
    too_fast: str | None = None  # what to say where it is not to be looked up


@dataclass(frozen=True, slots=True)
class _Question:
    """A call's question, the moment it came and what was in force then."""

    body: bytes
    key: bytes
    now: datetime
    in_force: InForce


class Desk:
    """Answers contacts; the same question within its life gets the same answer.

    Every contact is answered: by its decision, or just before its deadline by the default.
    """

    def __init__(
        self,
        decider: Deciding,
        following: HasInForce,
        *,
        answered: Answered,
        log: Log,
        counters: Counters,
        clock: Clock,
        load: Load,
        threads: int = THREADS,
    ) -> None:
        self._decider = decider
        self._following = following
        self._answered = answered
        self._log = log
        self._counters = counters
        self._clock = clock
        self._load = load
        self._threads = Threads(threads, name="adapter")
        self._open: dict[bytes, asyncio.Future[Decision]] = {}
        self._encode = msgspec.json.Encoder().encode
        self._instants = Instants()

    async def decide(self, call: Call) -> Decision:
        """Return the decision for the contact, in time."""
        body = question_of(call.contact)
        key = key_of(body, asked_by=call.asked_by)
        question = _Question(body, key, self._clock(), self._following.in_force)
        kept, decision = await self._kept(call, question)
        self._counters.count(call.adapter, kept, late=call.deadline.missed())
        return decision

    async def _kept(self, call: Call, question: _Question) -> tuple[Kept, Decision]:
        key = question.key
        known = self._answered.recall(key, now=question.now)
        if known is not None:
            return Kept.REPEATED, known
        if key in self._open:  # asked again before the first answer: both get that one
            return Kept.REPEATED, await asyncio.shield(self._open[key])
        waiting: asyncio.Future[Decision] = asyncio.get_running_loop().create_future()
        self._open[key] = waiting
        try:
            kept, decision = await self._new(call, question)
            waiting.set_result(decision)
        finally:
            waiting.cancel()  # nothing where it has its result
            del self._open[key]
        self._answered.remember(key, decision, now=question.now)
        if kept is not Kept.REPEATED:
            self._write(call, question, decision)
        return kept, decision

    async def _new(self, call: Call, question: _Question) -> tuple[Kept, Decision]:
        if call.too_fast is not None or self._load.full:
            return Kept.SHED, _default(call, question, why=call.too_fast or self._load.why)
        work = partial(self._look, call, question)
        found: tuple[Kept, Decision] | None = await within(
            call.deadline, self._threads.begin(work, ended=self._load.enter())
        )
        if found is not None:
            return found
        decision = _default(call, question, why=call.deadline.why)
        self._threads.leave(partial(self._answered.keep, question.key, decision, now=question.now))
        return Kept.TIMED_OUT, decision

    def _look(self, call: Call, question: _Question) -> tuple[Kept, Decision]:
        """Return the answer that is kept, or a new one; runs in a thread."""
        known = self._answered.look_up(question.key, now=question.now)
        if known is not None:
            return Kept.REPEATED, known
        decision = self._decider.answer(call.contact, now=question.now, in_force=question.in_force)
        if call.deadline.left_seconds() <= 0.0:  # the default has left already
            return Kept.DECIDED, decision
        stays = self._answered.keep(question.key, decision, now=question.now)
        return (Kept.DECIDED if stays is decision else Kept.REPEATED), stays

    def _write(self, call: Call, question: _Question, decision: Decision) -> None:
        asked = Asked(
            contact=call.contact,
            body=question.body,
            asked_by=call.asked_by,
            instant=self._instants(question.now),
            in_force=question.in_force.in_force_id,
        )
        seconds = time.perf_counter() - call.deadline.started
        self._log.add(entry_of(decision, asked, answer=self._encode(decision), seconds=seconds))


def _default(call: Call, question: _Question, *, why: str) -> Decision:
    return default_for(call.contact, in_force=question.in_force, now=question.now, why=why)
