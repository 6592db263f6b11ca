"""Genesys-style scores: the agents of a target group in, each with a score and a rank out.

Field names are those that Genesys Predictive Routing keeps with an interaction.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from routing.answer import Decision
from routing.contact import Contact
from serving import examples
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.genesys import Interaction, as_contact
from serving.adapters.routers_file import GenesysSettings
from serving.endpoints import Endpoint, Example
from serving.identity import Use

BEST_SCORE = 100.0


class Agent(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent who could take the interaction, with skill levels."""

    agent_id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = msgspec.field(
        name="agentId"
    )
    skills: dict[str, int] = {}


class ScoreRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction and the agents of its target group."""

    interaction: Interaction
    agents: Annotated[tuple[Agent, ...], msgspec.Meta(max_length=1_000)]


class AgentScore(msgspec.Struct, frozen=True, kw_only=True):
    """How well an agent fits, from 0 to 100, and the agent's place."""

    agent_id: str = msgspec.field(name="agentId")
    score: float = msgspec.field(name="gpmAgentScore")
    rank: int = msgspec.field(name="gpmAgentRank")


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """The scores, best first, and what Genesys keeps of them with the interaction."""

    scores: tuple[AgentScore, ...]
    mode: str = msgspec.field(name="gpmMode")
    message: str = msgspec.field(name="gpmMessage")
    predictor: str = msgspec.field(name="gpmPredictor")
    suitable: int = msgspec.field(name="gpmSuitableAgentsCount")
    customer_id: str = msgspec.field(name="CustomerID")
    call_id: str = msgspec.field(name="CALLID")


def of_request(request: ScoreRequest) -> Contact:
    """Return the contact of a score request."""
    return as_contact(request.interaction)


def as_scores(decision: Decision, request: ScoreRequest) -> Scores:
    """Return the agents by how much of the skill that is asked for they have, best first.

    An agent's score is the least share of the level over the skills; where no skill is asked for
    all score 100. Equal scores keep the order in which they were sent.
    """
    rated = [(fit(agent, decision.route.skills), agent.agent_id) for agent in request.agents]
    rated.sort(key=lambda one: -one[0])
    return Scores(
        scores=tuple(
            AgentScore(agent_id=name, score=score, rank=rank)
            for rank, (score, name) in enumerate(rated, start=1)
        ),
        mode=decision.arm.value,
        message=decision.why or "",
        predictor=decision.strategy_set or "",
        suitable=sum(score >= BEST_SCORE for score, _ in rated),
        customer_id=decision.customer.customer_id if decision.customer else "",
        call_id=decision.contact_id,
    )


def fit(agent: Agent, skills: dict[str, int]) -> float:
    """Return from 0 to 100 how much of the wanted skill an agent has."""
    shares = [
        min(1.0, max(0, agent.skills.get(name, 0)) / level)
        for name, level in skills.items()
        if level > 0
    ]
    return round(BEST_SCORE * min(shares, default=1.0), 2)


_REQUEST = ScoreRequest(
    interaction=Interaction(id="00720301a8c0e3f1", ani=examples.PHONE),
    agents=(Agent("ann", {"life": 1}), Agent("bea", {"life": 3})),
)

SCORE = Endpoint(
    method="POST",
    path="/v1/adapters/genesys/scores",
    summary="Genesys: agents in, scores and ranks out",
    text=(
        "An agent's score, 0 to 100, is the least share that they have of the skill levels the"
        " route asks for. It says who can take the contact; it is not a prediction for each agent."
    ),
    use=Use.DECIDE,
    body=ScoreRequest,
    answer=Scores,
    examples=(Example("two agents for a lead", _REQUEST, as_scores(examples.DECISION, _REQUEST)),),
    problems=REFUSALS,
)


def adapter(settings: GenesysSettings) -> Adapter[ScoreRequest]:
    """Return the adapter that scores agents."""
    return Adapter(
        name="genesys",
        endpoint=SCORE,
        contact_of=of_request,
        answer_of=as_scores,
        deadline_ms=settings.deadline_ms,
    )
