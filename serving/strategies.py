"""GET /v1/strategies/{customer_id}: the strategy in force for one customer."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from routing.answer import ShownStrategy, shown_strategy
from routing.errors import StrategySetNotFoundError
from routing.open_set import OpenSet
from routing.strategy import Strategy
from serving import examples
from serving.bodies import nearest
from serving.endpoints import Endpoint, Example, Parameter
from serving.following import Following
from serving.identity import KeyRing, Use, requires
from serving.problems import ProblemError

READ_STRATEGY = Endpoint(
    method="GET",
    path="/v1/strategies/{customer_id}",
    summary="The strategy in force for a customer",
    text=(
        "As it was formed, before anything about a contact is known; it may have expired. The"
        " `reasons`, each with its `effect` on the probability of acceptance, come from the"
        " profile's linear model, averaged over the offers: an approximation where a tree model"
        " decides."
    ),
    use=Use.READ_STRATEGIES,
    parameters=(
        Parameter("customer_id", "path", "Whose strategy.", "main-000081", required=True),
        Parameter("partner", "query", "Look only at this partner's customers.", "main"),
    ),
    answer=ShownStrategy,
    examples=(Example("a lead", None, examples.SHOWN_STRATEGY),),
    problems=(401, 403, 404, 421, 422, 503),
)


def strategy_of(found: OpenSet, customer_id: str, *, partner: str | None) -> Strategy | None:
    """Return the customer's strategy; without a partner, every partner is looked through."""
    for name in (partner,) if partner is not None else found.partners:
        strategy = found.by_customer(name, customer_id)
        if strategy is not None:
            return strategy
    return None


def build_strategies(following: Following, keys: KeyRing) -> APIRouter:
    """Return the endpoint over the strategy set in force."""
    router = APIRouter(dependencies=[Depends(requires(keys, Use.READ_STRATEGIES))])
    encode = msgspec.json.Encoder().encode

    @router.get(READ_STRATEGY.path)
    async def read_strategy(request: Request) -> Response:
        partner = only_parameter(request, "partner")
        customer_id = request.path_params["customer_id"]
        found = following.in_force.strategies
        if found is None:
            raise StrategySetNotFoundError(
                "No strategy set is published, or it cannot be used; /health/ready says which.",
                fix="Form one with `callworth strategies form`.",
            )
        if partner is not None and partner not in found.partners:
            raise ProblemError(
                404,
                f"Strategy set {found.label} has no partner '{partner}'.",
                fix=f"It has: {', '.join(found.partners)}.{nearest(partner, found.partners)}",
                field="partner",
                allowed=found.partners,
            )
        strategy = strategy_of(found, customer_id, partner=partner)
        if strategy is None:
            raise ProblemError(
                404,
                f"Strategy set {found.label} has no customer '{customer_id}'.",
                fix="Check the id; customers who came later are in the next set.",
                field="customer_id",
            )
        shown = shown_strategy(strategy, strategy_set=found.label)
        return Response(encode(shown), media_type="application/json")

    return router


def only_parameter(request: Request, name: str) -> str | None:
    """Return the one query parameter there is, or None; raise ProblemError 422 for any other."""
    for given in request.query_params:
        if given != name:
            raise ProblemError(
                422,
                f"There is no parameter '{given[:80]}'.",
                fix=f"Leave it out.{nearest(given, (name,))}",
                field=given[:80],
                allowed=(name,),
            )
    return request.query_params.get(name)
