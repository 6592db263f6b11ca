"""Amazon Connect: the event of a contact flow in, the contact's routing data out as JSON.

Shapes and limits are those of UpdateContactRoutingData in the API reference.
"""

from __future__ import annotations

from functools import partial

import msgspec

from routing.answer import Decision, ShownOffer, ShownRoute
from serving import examples
from serving.adapters.connect_event import (
    EXAMPLE,
    LONGEST_NOTE,
    ConnectEvent,
    as_contact,
    seconds_ahead,
)
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.routers_file import ConnectSettings
from serving.endpoints import Endpoint, Example
from serving.identity import Use

# Limits of an attribute condition.
LONGEST_VALUE = 128
LOWEST_LEVEL, HIGHEST_LEVEL = 1, 5
_AT_LEAST = "NumberGreaterOrEqualTo"


class AttributeCondition(msgspec.Struct, frozen=True, rename="pascal"):
    """An agent's least proficiency in one value of a predefined attribute."""

    name: str
    value: str
    proficiency_level: float
    comparison_operator: str = _AT_LEAST


class Expression(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """One condition, or several that must all hold."""

    attribute_condition: AttributeCondition | None = None
    and_expression: tuple[Expression, ...] | None = None


class Expiry(msgspec.Struct, frozen=True, rename="pascal"):
    """How long a step lasts."""

    duration_in_seconds: int


class Step(msgspec.Struct, frozen=True, rename="pascal"):
    """Whom the contact waits for, and how long; after the last step any agent may answer."""

    expression: Expression
    expiry: Expiry


class RoutingCriteria(msgspec.Struct, frozen=True, rename="pascal"):
    """The steps in their order."""

    steps: tuple[Step, ...]


class RoutingData(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    """What UpdateContactRoutingData takes, beside the ids of the instance and the contact."""

    queue_priority: int
    queue_time_adjustment_seconds: int | None = None
    routing_criteria: RoutingCriteria | None = None


class ConnectRouting(msgspec.Struct, frozen=True):
    """The answer as JSON: `routing` is handed on to UpdateContactRoutingData as it is."""

    decision_id: str
    source: str
    why: str | None
    queue: str
    value_group: str
    routing: RoutingData
    offers: tuple[ShownOffer, ...]
    note: str


def routing_answer(
    decision: Decision, _event: ConnectEvent, *, settings: ConnectSettings
) -> ConnectRouting:
    """Return the answer as JSON, with the routing data of the contact."""
    return ConnectRouting(
        decision_id=decision.decision_id,
        source=decision.source.value,
        why=decision.why,
        queue=decision.route.queue,
        value_group=decision.value_group,
        routing=RoutingData(
            queue_priority=max(1, decision.route.priority),
            queue_time_adjustment_seconds=seconds_ahead(decision, settings) or None,
            routing_criteria=criteria(decision.route, settings=settings),
        ),
        offers=tuple(one for one in decision.handling.offers if one.present),
        note=decision.handling.note[:LONGEST_NOTE],
    )


def criteria(route: ShownRoute, *, settings: ConnectSettings) -> RoutingCriteria | None:
    """Return the steps by which the demand for skill falls, one for each fallback.

    The first step asks for the levels of the route, each later one for one level less. Every step
    ends: the caller then gets any agent of the queue. None where no skill is asked for.
    """
    skills = {
        name: level
        for name, level in sorted(route.skills.items())
        if name and len(name) <= LONGEST_VALUE
    }
    if not skills:
        return None
    lasting = [max(1, one.after_seconds) for one in route.fallbacks] or [settings.step_seconds]
    return RoutingCriteria(
        tuple(
            Step(_expression(skills, settings.skill_attribute, less=place), Expiry(seconds))
            for place, seconds in enumerate(lasting)
        )
    )


def _expression(skills: dict[str, int], attribute: str, *, less: int) -> Expression:
    each = tuple(
        Expression(AttributeCondition(attribute, name, float(_level(level - less))))
        for name, level in skills.items()
    )
    return each[0] if len(each) == 1 else Expression(and_expression=each)


def _level(level: int) -> int:
    return min(max(level, LOWEST_LEVEL), HIGHEST_LEVEL)


ROUTING = Endpoint(
    method="POST",
    path="/v1/adapters/connect/routing",
    summary="Amazon Connect: a Lambda event in, routing data as JSON out",
    text=(
        "`routing` is what UpdateContactRoutingData takes: the priority (1 is served first), and"
        " steps of routing criteria that ask for less skill as each expires. After the last one"
        " any agent of the queue may answer."
    ),
    use=Use.DECIDE,
    body=ConnectEvent,
    answer=ConnectRouting,
    examples=(
        Example(
            "a lead who is known by phone",
            EXAMPLE,
            routing_answer(examples.DECISION, EXAMPLE, settings=ConnectSettings()),
        ),
    ),
    problems=REFUSALS,
)


def adapter(settings: ConnectSettings) -> Adapter[ConnectEvent]:
    """Return the adapter that answers routing data."""
    return Adapter(
        name="connect",
        endpoint=ROUTING,
        contact_of=as_contact,
        answer_of=partial(routing_answer, settings=settings),
        deadline_ms=settings.deadline_ms,
    )
