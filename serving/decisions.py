"""POST /v1/decisions: where a contact goes and how to handle it, answered whatever is broken.

The route is a raw ASGI application: no framework stands between the body and the answer.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime
from typing import Protocol

import msgspec
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from routing.allocation.exploration import Exploration
from routing.answer import Decision
from routing.contact import Contact
from routing.decision import decide
from routing.slot_file import PlanReader
from routing.strategy_reader import OpenSet
from serving import examples
from serving.bodies import Body, read_body
from serving.clock import Clock
from serving.endpoints import Endpoint
from serving.identity import KeyRing, Use
from serving.log import DecisionLog
from serving.log_file import LoggedDecision
from serving.metrics import Metrics
from serving.offer_states import OfferStates
from serving.problems import ProblemError, as_problem, send_problem

_log = logging.getLogger("callworth.serving")

DECIDE = Endpoint(
    method="POST",
    path="/v1/decisions",
    summary="Where a contact goes, and how to handle it",
    text=(
        "The customer is recognised by customer_id, by the number in `from`, or by two of name,"
        " street and postcode in `answers`. Anything well-formed gets a route: `source` says what"
        " the answer is based on (strategy, completed, profile, default), and every step down"
        " says `why`. Answers that are not used are kept in the log. A `from` that holds no"
        " number (withheld, a name) identifies nobody. The `reasons`, each with its `effect` on the"
        " probability of acceptance, come from the profile's linear model, averaged over the"
        " offers: an approximation where a tree model decides."
    ),
    use=Use.DECIDE,
    body=Contact,
    answer=Decision,
    examples=examples.DECISIONS,
    problems=(400, 401, 403, 408, 413, 415, 421, 422),
)


class Strategies(Protocol):
    """What gives the strategy set in force, such as a StrategyReader."""

    def snapshot(self) -> OpenSet | None:
        """Return the set in force, or None."""
        ...


class Decider:
    """Answers one contact after the other; nothing behind it can make an answer fail."""

    def __init__(
        self,
        *,
        strategies: Strategies,
        log: DecisionLog,
        metrics: Metrics,
        keys: KeyRing,
        clock: Clock,
        hold_back_share: float,
        exploration: Exploration,
        experiment: PlanReader,
        offers: OfferStates,
    ) -> None:
        self._strategies = strategies
        self._experiment = experiment
        self._offers = offers
        self._log = log
        self._metrics = metrics
        self._keys = keys
        self._clock = clock
        self._share = hold_back_share
        self._exploration = exploration
        self._body = Body(Contact)
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started = time.perf_counter()
        headers = Headers(scope=scope)
        try:
            key = self._keys.admit(headers, Use.DECIDE)
            body = await read_body(headers, receive)
            contact = self._body.decode(body)
        except ClientDisconnect:
            return
        except ProblemError as error:
            self._metrics.count_problem("decisions", error.status)
            await send_problem(error, scope, receive, send)
            return
        now = self._clock()
        decision = self.answer(contact, now=now)
        answer = self._encode(decision)
        seconds = time.perf_counter() - started
        self._log.add(_entry(decision, key.name, now, seconds, request=body, answer=answer))
        self._count(decision, contact, seconds)
        await _send(answer, send)

    def answer(self, contact: Contact, *, now: datetime) -> Decision:
        """Return the decision; if anything behind fails, the default one that says so."""
        try:
            return decide(
                contact,
                reader=self._strategies,
                now=now,
                hold_back_share=self._share,
                plan=self._experiment.current(),
                standings=self._offers.current(),
                exploration=self._exploration,
            )
        except Exception as error:  # a contact without a route is worse than any default
            self._metrics.failures.inc()
            _log.error("contact %s got the default route", contact.contact_id, exc_info=error)
            decision = decide(contact, reader=None, now=now)
            why = f"The strategies could not be used: {as_problem(error).fact}"
            return msgspec.structs.replace(decision, why=why)

    def _count(self, decision: Decision, contact: Contact, seconds: float) -> None:
        self._metrics.decisions.labels(decision.source.value).inc()
        self._metrics.latency.observe(seconds)
        if contact.deadline_ms is not None and seconds * 1000 > contact.deadline_ms:
            self._metrics.late.inc()


async def _send(answer: bytes, send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def _entry(
    decision: Decision,
    asked_by: str,
    now: datetime,
    seconds: float,
    *,
    request: bytes,
    answer: bytes,
) -> LoggedDecision:
    customer = decision.customer
    presented = next((one.offer_id for one in decision.handling.offers if one.present), None)
    return LoggedDecision(
        decision_id=decision.decision_id,
        contact_id=decision.contact_id,
        partner=decision.partner,
        customer_id=customer.customer_id if customer else None,
        identified_by=customer.identified_by.value if customer else None,
        decided_at=now,
        source=decision.source.value,
        why=decision.why,
        value_group=decision.value_group,
        queue=decision.route.queue,
        offer_id=presented,
        arm=decision.arm.value,
        probability=decision.probability,
        strategy_set=decision.strategy_set,
        model_set=decision.model_set,
        asked_by=asked_by,
        microseconds=int(seconds * 1e6),
        request=request.decode("utf-8", "replace"),
        answer=answer.decode("utf-8"),
    )
