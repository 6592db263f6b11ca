"""POST /v1/outcomes: what came of an offer; on disk before it is acknowledged, stored once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from routing.contact import Identifier
from serving import examples
from serving.bodies import Body, read_body
from serving.clock import Clock
from serving.endpoints import Endpoint, Example
from serving.errors import DecisionUnknownError
from serving.identity import KeyRing, Use, requires
from serving.log import DecisionLog
from serving.log_entry import LoggedOutcome, Stored
from serving.metrics import Metrics
from serving.problems import ProblemError, as_problem

# Another worker's log may be a group behind: an unknown decision is looked for once more.
_SECOND_LOOK_SECONDS = 0.1
# Clocks of two systems differ; an outcome further ahead than this has a wrong time.
_AHEAD = timedelta(minutes=5)

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Money = Annotated[float, msgspec.Meta(ge=0.0)]


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of one offer of one decision; `revenue` is margin in money if it is kept."""

    decision_id: Identifier
    offer_id: Identifier
    accepted: bool
    revenue: Money | None = None
    occurred_at: Instant


class Result(StrEnum):
    """Whether the outcome is new."""

    STORED = "stored"
    STORED_BEFORE = "stored_before"


class Receipt(msgspec.Struct, frozen=True):
    """The outcome is on disk."""

    decision_id: str
    offer_id: str
    result: Result


_EXAMPLE = Outcome(
    decision_id=examples.DECISION.decision_id,
    offer_id="term_life",
    accepted=True,
    revenue=510.0,
    occurred_at=examples.NOW + timedelta(minutes=9),
)

REPORT_OUTCOME = Endpoint(
    method="POST",
    path="/v1/outcomes",
    summary="What came of an offer",
    text=(
        "Acknowledged once it is on disk. An outcome is stored once per decision and offer:"
        " repeating it unchanged is harmless, contradicting it is a 409. Only decisions that this"
        " server's log holds are known; any offer may be reported, presented or bought anyway."
    ),
    use=Use.REPORT_OUTCOMES,
    body=Outcome,
    answer=Receipt,
    examples=(
        Example(
            "taken",
            _EXAMPLE,
            Receipt(_EXAMPLE.decision_id, _EXAMPLE.offer_id, Result.STORED),
        ),
    ),
    problems=(400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 503),
)


def build_outcomes(
    log: DecisionLog, *, metrics: Metrics, keys: KeyRing, clock: Clock, workers: int
) -> APIRouter:
    """Return the endpoint over the decision log."""
    router = APIRouter(dependencies=[Depends(requires(keys, Use.REPORT_OUTCOMES))])
    body = Body(Outcome)
    encode = msgspec.json.Encoder().encode

    @router.post(REPORT_OUTCOME.path)
    async def report_outcome(request: Request) -> Response:
        try:
            outcome = body.decode(await read_body(request.headers, request.receive))
            logged = _logged(outcome, received_at=clock())
            stored = await _store(log, logged, patient=workers > 1)
        except Exception as error:
            metrics.count_problem("outcomes", as_problem(error).status)
            raise
        result = Result.STORED if stored is Stored.NEW else Result.STORED_BEFORE
        metrics.outcomes.labels(result.value).inc()
        receipt = Receipt(outcome.decision_id, outcome.offer_id, result)
        return Response(encode(receipt), media_type="application/json")

    return router


async def _store(log: DecisionLog, outcome: LoggedOutcome, *, patient: bool) -> Stored:
    try:
        return await log.store(outcome)
    except DecisionUnknownError:
        if not patient:
            raise
    await asyncio.sleep(_SECOND_LOOK_SECONDS)
    return await log.store(outcome)


def _logged(outcome: Outcome, *, received_at: datetime) -> LoggedOutcome:
    occurred_at = _in_utc(outcome.occurred_at)
    if occurred_at is None or occurred_at > received_at + _AHEAD:
        raise ProblemError(
            422,
            f"occurred_at is {outcome.occurred_at.isoformat()}, which cannot be.",
            fix=f"Send when it happened; now is {received_at:%Y-%m-%dT%H:%M:%SZ}.",
            field="occurred_at",
        )
    if outcome.revenue and not outcome.accepted:
        raise ProblemError(
            422,
            "revenue is over 0 and accepted is false.",
            fix="Leave revenue out, or say that the offer was accepted.",
            field="revenue",
        )
    return LoggedOutcome(
        decision_id=outcome.decision_id,
        offer_id=outcome.offer_id,
        accepted=outcome.accepted,
        revenue=outcome.revenue,
        occurred_at=occurred_at,
        received_at=received_at,
    )


def _in_utc(time: datetime) -> datetime | None:
    try:
        return time.astimezone(UTC)
    except OverflowError:  # the first or the last day of the calendar
        return None
