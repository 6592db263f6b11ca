"""POST /v1/decisions: where a contact goes and how to handle it, answered whatever is broken.

The route is a raw ASGI application: no framework stands between the body and the answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from routing.answer import Decision, Source
from routing.contact import Contact
from routing.decision import decide
from routing.default_route import default_for
from routing.in_force import InForce
from routing.instants import Instants
from routing.quick import Quick
from serving import examples
from serving.bodies import Body, headers_of, read_body
from serving.clock import Clock
from serving.endpoints import Endpoint
from serving.entries import Asked, entry_of, entry_of_quick
from serving.following import Following
from serving.identity import KeyRing, Use
from serving.key_file import Key
from serving.log import DecisionLog
from serving.log_entry import LoggedDecision
from serving.metrics import Metrics
from serving.problems import ProblemError, as_problem, send_problem
from serving.rate_limits import why_too_fast
from serving.security_headers import READY_MADE, secured
from serving.stages import EVERY, Watched

_log = logging.getLogger("callworth.serving")

# How far the log is with the decision when its answer leaves: on disk or on its way, for who asked
# for that, or lost; an answer that does not say is on its way.
LOGGED = b"callworth-logged"
DURABLE, QUEUED, NOT_LOGGED = b"durable", b"queued", b"no"
JSON_TYPE = (b"content-type", b"application/json")

DECIDE = Endpoint(
    method="POST",
    path="/v1/decisions",
    summary="Where a contact goes, and how to handle it",
    text=(
        "The customer is recognised by customer_id, by the number in `from`, or by two of name,"
        " street and postcode in `answers`. Anything well-formed gets a route: `source` says what"
        " the answer is based on (strategy, completed, live, profile, default), and every step"
        " away from a strategy says `why`. Answers that are not used are kept in the log. A `from`"
        " that holds no number (withheld, a name) identifies nobody. The `reasons`,"
        " each with its `effect` on the probability of acceptance, come from the profile's linear"
        " model, averaged over the offers: an approximation where a tree model decides. Those of a"
        " live answer are exact, of its first offer, or there are none."
    ),
    use=Use.DECIDE,
    body=Contact,
    answer=Decision,
    examples=examples.DECISIONS,
    problems=(400, 401, 403, 408, 413, 415, 421, 422),
)


@dataclass(slots=True)
class Made:
    """An answer as it is sent, and what the log keeps of it."""

    answer: bytes
    entry: LoggedDecision
    source: Source
    watched: Watched | None = None


class Decider:
    """Answers one contact after the other; nothing behind it can make an answer fail."""

    def __init__(
        self,
        following: Following,
        *,
        log: DecisionLog,
        metrics: Metrics,
        keys: KeyRing,
        clock: Clock,
    ) -> None:
        self._following = following
        self._log = log
        self._metrics = metrics
        self._keys = keys
        self._clock = clock
        self._instants = Instants()
        self._body = Body(Contact)
        self._decode = msgspec.json.Decoder(Contact).decode
        self._encode = msgspec.json.Encoder().encode
        self._asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        headers = headers_of(scope)
        try:
            key = self._keys.admit(headers, Use.DECIDE)
            body = await read_body(headers, receive)
            contact = self._body.decode(body)
        except ClientDisconnect:
            return
        except ProblemError as error:
            self._metrics.count_problem("decisions", error.status)
            await send_problem(error, scope, receive, secured(scope, send))
            return
        made = self._made(contact, body, key=key, started=started)
        logged: bytes | None
        if contact.durable:
            logged = NOT_LOGGED if self._log.full else QUEUED
            if await self._log.add_durably(made.entry):
                logged = DURABLE
        else:
            logged = None if self._log.add(made.entry) else NOT_LOGGED
        self._count(made, contact)
        await _send(made.answer, send, logged=logged)

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Return whether who sends these headers may ask for decisions."""
        try:
            self._keys.admit(headers, Use.DECIDE)
        except ProblemError:
            return False
        return True

    def at_once(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """Return the answer to a request that is whole, or None: then nothing was done.

        None is for what takes more than an answer: a refusal, a disk to wait for, a full log.
        """
        started = time.perf_counter()
        try:
            key = self._keys.admit(headers, Use.DECIDE)
            contact = self._decode(body)
        except (ProblemError, ValueError, RecursionError):
            return None
        if contact.durable or self._log.full:
            return None
        made = self._made(contact, body, key=key, started=started)
        self._log.add(made.entry)
        self._count(made, contact)
        return made.answer

    def _made(self, contact: Contact, body: bytes, *, key: Key, started: float) -> Made:
        """Return the answer to one contact, and what the log keeps of it."""
        instant, answering = self._instants(self._clock()), self._following.answering
        asked = Asked(contact, body, key.name, instant, answering.in_force.in_force_id)
        if key.rate is not None and self._keys.limits.wait_seconds(key) > 0.0:
            self._metrics.limited.labels(key.name).inc()
            return self._default(asked, answering, why=why_too_fast(key), started=started)
        self._asked += 1
        if self._asked % EVERY:
            return self._answered(asked, answering, started=started)
        watched = Watched(answering, started=started)
        made = self._answered(asked, watched.answering, started=started)
        made.entry = msgspec.structs.replace(made.entry, stages=watched.decided())
        made.watched = watched
        return made

    def _answered(self, asked: Asked, answering: Quick, *, started: float) -> Made:
        try:
            quick = answering.answer(asked.contact, asked.instant)
        except Exception as error:  # the full way answers, and says what is wrong
            _log.error("a contact took the full way", exc_info=error)
            quick = None
        if quick is not None:
            seconds = time.perf_counter() - started
            entry = entry_of_quick(quick, asked, seconds=seconds)
            return Made(quick.body, entry, Source.STRATEGY)
        decision = self.answer(asked.contact, now=asked.instant.at, in_force=answering.in_force)
        return self._written(decision, asked, started=started)

    def _default(self, asked: Asked, answering: Quick, *, why: str, started: float) -> Made:
        """Answer at once and look nothing up: who asks too fast still gets a route."""
        decision = default_for(
            asked.contact, in_force=answering.in_force, now=asked.instant.at, why=why
        )
        return self._written(decision, asked, started=started)

    def _written(self, decision: Decision, asked: Asked, *, started: float) -> Made:
        answer = self._encode(decision)
        seconds = time.perf_counter() - started
        entry = entry_of(decision, asked, answer=answer, seconds=seconds)
        return Made(answer, entry, decision.source)

    def answer(
        self, contact: Contact, *, now: datetime, in_force: InForce | None = None
    ) -> Decision:
        """Return the decision; if anything behind fails, the default one that says so."""
        try:
            return decide(contact, in_force=in_force or self._following.in_force, now=now)
        except Exception as error:  # a contact without a route is worse than any default
            self._metrics.failures.inc()
            decision = decide(contact, now=now)
            # Named by our own id, which leads to the log: what others call a contact may be a name.
            _log.error("decision %s is the default route", decision.decision_id, exc_info=error)
            why = f"The strategies could not be used: {as_problem(error).fact}"
            return msgspec.structs.replace(decision, why=why)

    def _count(self, made: Made, contact: Contact) -> None:
        """Count an answer; where that fails it is given all the same, and once."""
        try:
            self._counted(made, contact)
        except Exception as error:  # such as a full disk below the figures of several workers
            _log.error("a decision was not counted", exc_info=error)

    def _counted(self, made: Made, contact: Contact) -> None:
        microseconds = made.entry.microseconds
        if made.watched is not None:
            made.watched.logged(made.entry, self._metrics)
        self._metrics.tally.add(made.source, microseconds)
        if contact.deadline_ms is not None and microseconds > contact.deadline_ms * 1000:
            self._metrics.late.inc()


async def _send(answer: bytes, send: Send, *, logged: bytes | None) -> None:
    headers = [JSON_TYPE, (b"content-length", b"%d" % len(answer)), *READY_MADE]
    if logged is not None:
        headers.append((LOGGED, logged))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})
