"""POST /v1/predictions: what an offer would do, from the strategy or scored live from features."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from models.model_choice import ModelChoice
from routing.answer import IdentifiedBy, ShownCustomer, shown_signals
from routing.contact import Channel, Contact
from routing.identification import identify
from routing.strategy import Strategy
from routing.tasks import Stage
from serving import examples
from serving.bodies import Body, read_body
from serving.clock import Clock
from serving.endpoints import Endpoint, Example
from serving.following import Following
from serving.identity import KeyRing, Use, requires
from serving.live import chosen_offers, score
from serving.live_scoring import LiveScoring
from serving.live_store import LiveStore
from serving.metrics import Metrics
from serving.model_store import ModelStore
from serving.prediction import (
    Basis,
    Measured,
    PredictedOffer,
    Prediction,
    PredictionRequest,
    nothing,
)
from serving.problems import ProblemError, as_problem

_log = logging.getLogger("callworth.serving")

_NO_STRATEGIES = "No strategy set is published."


def of_strategy(
    strategy: Strategy,
    *,
    customer: ShownCustomer | None,
    strategy_set: str,
    offers: tuple[str, ...] | None,
    why: str | None,
) -> Prediction:
    """Return what the strategy says of the offers asked for; ProblemError 422 for others."""
    ranked = {one.offer_id: one for one in strategy.handling.offers}
    asked = chosen_offers(offers, tuple(ranked), holder=f"The strategy of {strategy.customer_id}")
    return Prediction(
        source=Basis.STRATEGY,
        why=why,
        customer=customer,
        profile=strategy.stage,
        signals=shown_signals(strategy.signals),
        offers=tuple(
            PredictedOffer(
                offer_id=offer_id,
                likelihood=one.likelihood,
                uplift=one.uplift,
                added_value=one.added_value,
            )
            for offer_id, one in ranked.items()
            if offer_id in asked
        ),
        strategy_set=strategy_set,
        model_set=strategy.model_set,
        formed_at=strategy.formed_at,
        expires_at=strategy.expires_at,
    )


_BY_ID = PredictionRequest(partner="main", customer_id=examples.STRATEGY.customer_id)
_BY_FEATURES = PredictionRequest(stage=Stage.LEAD, features={"age": 44.0}, offers=("term_life",))

PREDICT = Endpoint(
    method="POST",
    path="/v1/predictions",
    summary="What an offer would do",
    text=(
        "Name a customer (customer_id, from or answers) for the signals stored with the strategy,"
        " or send stage and features for a score of this moment. `source` is strategy, live, or"
        " none when nothing can be said, and `why` says what is uncertain or missing."
    ),
    use=Use.PREDICT,
    body=PredictionRequest,
    answer=Prediction,
    examples=(
        Example(
            "a customer",
            _BY_ID,
            of_strategy(
                examples.STRATEGY,
                customer=ShownCustomer(
                    examples.STRATEGY.customer_id, IdentifiedBy.CUSTOMER_ID, "lead"
                ),
                strategy_set=examples.STRATEGY_SET,
                offers=None,
                why=None,
            ),
        ),
        Example(
            "features, while no model set is promoted",
            _BY_FEATURES,
            nothing("No model set is promoted."),
        ),
    ),
    problems=(400, 401, 403, 408, 413, 415, 421, 422),
)


class Predictor:
    """Answers one question after the other; a missing store or model gives `source` none."""

    def __init__(
        self, *, following: Following, live: LiveStore, models: ModelStore, clock: Clock
    ) -> None:
        self._following = following
        self._live = live
        self._models = models
        self._clock = clock

    async def answer(self, asked: PredictionRequest) -> Prediction:
        """Return what can be said; raises ProblemError for a question that cannot be meant."""
        _check(asked)
        try:
            if asked.features is not None and asked.stage is not None:
                return await self._scored(asked, asked.stage, asked.features)
            return self._formed(asked, now=self._clock())
        except ProblemError:
            raise
        except Exception as error:  # answers go on, whatever a damaged file raises
            _log.error("a prediction failed", exc_info=error)
            return nothing(f"It could not be made: {as_problem(error).fact}")

    async def _scored(
        self, asked: PredictionRequest, stage: Stage, features: dict[str, Measured]
    ) -> Prediction:
        live = self._following.in_force.live
        if not isinstance(live, LiveScoring):
            return nothing(self._live.trouble or "No model set is promoted.")
        compiled = None
        if asked.model_choice is not ModelChoice.STAGE:
            compiled = await self._models.current()
            if compiled is None:
                return nothing(self._models.trouble or "No model set is promoted.")
        return await asyncio.to_thread(
            score,
            live.models,
            stage=stage,
            features=features,
            offers=asked.offers,
            compiled=compiled,
        )

    def _formed(self, asked: PredictionRequest, *, now: datetime) -> Prediction:
        found = self._following.in_force.strategies
        if found is None:
            return nothing(_NO_STRATEGIES)
        if asked.partner is not None and asked.partner not in found.partners:
            return nothing(f"Strategy set {found.label} has no partner '{asked.partner}'.")
        contact = Contact(
            contact_id="prediction",
            channel=Channel.MESSAGE,
            from_=asked.from_,
            partner=asked.partner,
            customer_id=asked.customer_id,
            answers=asked.answers,
        )
        who = identify(contact, strategies=found)
        if who.strategy is None or who.by is None:
            return nothing(who.why or "The customer is not known.")
        strategy = who.strategy
        expired = f"It expired at {strategy.expires_at:%Y-%m-%d %H:%M} UTC."
        why = " ".join(filter(None, (who.why, expired if strategy.expires_at <= now else None)))
        return of_strategy(
            strategy,
            customer=ShownCustomer(strategy.customer_id, who.by, strategy.stage),
            strategy_set=found.label,
            offers=asked.offers,
            why=why or None,
        )


def _check(asked: PredictionRequest) -> None:
    by_customer = bool(asked.customer_id or asked.from_ or asked.answers != type(asked.answers)())
    by_features = asked.features is not None or asked.stage is not None
    if by_customer and by_features:
        raise ProblemError(
            422,
            "Both a customer and features were sent.",
            fix="Send a customer (customer_id, from or answers), or stage and features.",
            field="features",
        )
    if by_customer and asked.model_choice is not ModelChoice.STAGE:
        raise ProblemError(
            422,
            "The models of a strategy were chosen when it was formed.",
            fix="Leave model_choice out, or send stage and features to be scored now.",
            field="model_choice",
        )
    if by_features and (asked.features is None or asked.stage is None):
        missing = "stage" if asked.stage is None else "features"
        raise ProblemError(
            422,
            f"{missing} is missing: a live score needs stage and features.",
            fix="Add it; features may be {} when nothing is known.",
            field=missing,
            allowed=tuple(Stage) if asked.stage is None else (),
        )
    if not by_customer and not by_features:
        raise ProblemError(
            422,
            "Nobody is named and nothing is known.",
            fix="Send a customer (customer_id, from or answers), or stage and features.",
            field="customer_id",
        )


def build_predictions(predictor: Predictor, *, metrics: Metrics, keys: KeyRing) -> APIRouter:
    """Return the endpoint."""
    router = APIRouter(dependencies=[Depends(requires(keys, Use.PREDICT))])
    body = Body(PredictionRequest)
    encode = msgspec.json.Encoder().encode

    @router.post(PREDICT.path)
    async def predict(request: Request) -> Response:
        try:
            asked = body.decode(await read_body(request.headers, request.receive))
            prediction = await predictor.answer(asked)
        except ProblemError as error:
            metrics.count_problem("predictions", error.status)
            raise
        return Response(encode(prediction), media_type="application/json")

    return router
