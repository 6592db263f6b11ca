"""Twilio TaskRouter: a task that is about to be made in, the attributes to give it out."""

from __future__ import annotations

from typing import Any

import msgspec

from routing.answer import Decision
from routing.contact import Channel, Contact
from serving import examples
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.said import Address, VendorId, contact_of
from serving.endpoints import Endpoint, Example
from serving.identity import Use

_CHANNELS = {
    "voice": Channel.VOICE,
    "chat": Channel.CHAT,
    "email": Channel.EMAIL,
    "sms": Channel.MESSAGE,
    "whatsapp": Channel.MESSAGE,
}
_LONGEST_NOTE = 1_000
# TaskRouter serves higher numbers first, we serve 1 first: ours 1 is theirs 99.
_HIGHEST = 100


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A task that is about to be made: `id` is the call's SID, or the conversation's.

    `attributes` may hold from, to, partner, customer_id, reason, name, street, postcode and
    deadline_ms, beside whatever the task's own flow keeps there.
    """

    id: VendorId
    task_channel: str = "voice"
    from_: Address | None = msgspec.field(name="from", default=None)
    to: Address | None = None
    attributes: dict[str, Any] = {}


class Routed(msgspec.Struct, frozen=True):
    """What a workflow's expressions read, such as `callworth.queue == "sales_first"`."""

    queue: str
    value_group: str
    skills: dict[str, int]
    fallbacks: tuple[str, ...]
    fallback_after_seconds: tuple[int, ...]
    offer: str | None
    note: str
    source: str
    why: str | None
    decision_id: str


class TaskAttributes(msgspec.Struct, frozen=True):
    """The attributes to merge into the task's own, and its priority: Twilio serves higher first."""

    attributes: dict[str, Routed]
    priority: int


def as_contact(task: Task) -> Contact:
    """Return the contact of a task."""
    told = task.attributes
    return contact_of(
        told,
        contact_id=task.id,
        channel=_CHANNELS.get(task.task_channel.lower(), Channel.MESSAGE),
        from_=task.from_ or address_of(told, "from"),
        to=task.to or address_of(told, "to"),
    )


def as_attributes(decision: Decision, _task: Task) -> TaskAttributes:
    """Return the attributes; no name holds a hyphen, which an expression could not read."""
    route, handling = decision.route, decision.handling
    routed = Routed(
        queue=route.queue,
        value_group=decision.value_group,
        skills=route.skills,
        fallbacks=tuple(one.queue for one in route.fallbacks),
        fallback_after_seconds=tuple(one.after_seconds for one in route.fallbacks),
        offer=next((one.offer_id for one in handling.offers if one.present), None),
        note=handling.note[:_LONGEST_NOTE],
        source=decision.source.value,
        why=decision.why,
        decision_id=decision.decision_id,
    )
    return TaskAttributes({"callworth": routed}, max(0, _HIGHEST - route.priority))


def address_of(attributes: dict[str, Any], name: str) -> str | None:
    """Return an address among the attributes, or None."""
    found = attributes.get(name)
    return found[:400] if isinstance(found, str) and found else None


_TASK = Task(
    id="CA42ed11f93dc08b952027ffbc406d0868", from_=examples.PHONE, to="+15550199",
    attributes={"reason": "quote"},
)  # fmt: skip

ATTRIBUTES = Endpoint(
    method="POST",
    path="/v1/adapters/twilio",
    summary="Twilio TaskRouter: a task in, its attributes and priority out",
    text=(
        "Called by a Function or a Studio widget before the task is made. Merge `attributes` into"
        " the task's own: a workflow filters on callworth.queue. TaskRouter serves higher"
        " priorities first, so our 1 becomes 99."
    ),
    use=Use.DECIDE,
    body=Task,
    answer=TaskAttributes,
    examples=(
        Example("a lead who is known by phone", _TASK, as_attributes(examples.DECISION, _TASK)),
    ),
    problems=REFUSALS,
)


def adapter(*, deadline_ms: int) -> Adapter[Task]:
    """Return the adapter that gives a task its attributes."""
    return Adapter(
        name="twilio",
        endpoint=ATTRIBUTES,
        contact_of=as_contact,
        answer_of=as_attributes,
        deadline_ms=deadline_ms,
    )
