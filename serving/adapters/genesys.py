"""Genesys-style routing: user data of an interaction in, user data to attach and targets out.

Targets are written as Universal Routing reads them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from routing.answer import Decision, ShownRoute
from routing.contact import Channel, Contact
from serving import examples
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.routers_file import GenesysSettings
from serving.adapters.said import Address, VendorId, contact_of
from serving.endpoints import Endpoint, Example
from serving.identity import Use

_CHANNELS = {
    "voice": Channel.VOICE,
    "chat": Channel.CHAT,
    "email": Channel.EMAIL,
    "callback": Channel.CALLBACK,
}
_LONGEST_VALUE = 1_000
# Universal Routing takes up to fifteen targets in one selection.
MOST_TARGETS = 15


class Interaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An interaction: its connection id, ANI and DNIS, and the user data attached so far.

    `userdata` may hold partner, customer_id, reason, name, street, postcode and deadline_ms.
    """

    id: VendorId = msgspec.field(name="connid")
    media_type: str = msgspec.field(name="mediatype", default="voice")
    ani: Address | None = None
    dnis: Address | None = None
    userdata: dict[str, Any] = {}


class Target(msgspec.Struct, frozen=True):
    """A target of Universal Routing and for how long it is tried alone (seconds)."""

    target: str
    timeout: int


class Attached(msgspec.Struct, frozen=True):
    """Key-values to attach as user data, and the targets in their order."""

    userdata: dict[str, str]
    targets: tuple[Target, ...]


def as_contact(interaction: Interaction) -> Contact:
    """Return the contact of an interaction."""
    return contact_of(
        interaction.userdata,
        contact_id=interaction.id,
        channel=_CHANNELS.get(interaction.media_type.lower(), Channel.MESSAGE),
        from_=interaction.ani,
        to=interaction.dnis,
    )


def as_userdata(
    decision: Decision, _interaction: Interaction, *, settings: GenesysSettings
) -> Attached:
    """Return the key-values to attach, texts alone, and the targets."""
    route, handling = decision.route, decision.handling
    values = {
        "cw_queue": route.queue,
        "cw_priority": str(route.priority),
        "cw_value_group": decision.value_group,
        "cw_skills": "&".join(f"{name}>={level}" for name, level in sorted(route.skills.items())),
        "cw_offer": next((one.offer_id for one in handling.offers if one.present), ""),
        "cw_note": handling.note,
        "cw_source": decision.source.value,
        "cw_why": decision.why or "",
        "cw_arm": decision.arm.value,
        "cw_decision_id": decision.decision_id,
        "cw_strategy_set": decision.strategy_set or "",
    }
    userdata = {name: value[:_LONGEST_VALUE] for name, value in values.items()}
    return Attached(userdata, targets_of(route, server=settings.stat_server))


def targets_of(route: ShownRoute, *, server: str) -> tuple[Target, ...]:
    """Return the queue and its fallbacks as agent groups; the skills come before the queue."""
    wanted = " & ".join(f"{name}>={level}" for name, level in sorted(route.skills.items()))
    queues = [route.queue, *(one.queue for one in route.fallbacks)]
    seconds = [*(one.after_seconds for one in route.fallbacks), 0]
    names = [f"{queue}@{server}.GA" for queue in queues]
    if wanted:
        names.insert(0, f"?:{wanted}@{server}.GA")
        seconds.insert(0, seconds[0])
    return tuple(map(Target, names[:MOST_TARGETS], seconds[:MOST_TARGETS]))


_INTERACTION = Interaction(
    id="00720301a8c0e3f1", ani=examples.PHONE, dnis="+15550199", userdata={"reason": "quote"}
)

ATTACH = Endpoint(
    method="POST",
    path="/v1/adapters/genesys",
    summary="Genesys: user data in, user data to attach and targets out",
    text=(
        "Sent from a routing strategy, as JSON over REST. `userdata` holds texts alone, each under"
        " 1,000 characters; `targets` are agent groups in their order, first those with the skill,"
        " each tried alone for `timeout` seconds (the last for good: 0)."
    ),
    use=Use.DECIDE,
    body=Interaction,
    answer=Attached,
    examples=(
        Example(
            "a lead who is known by phone",
            _INTERACTION,
            as_userdata(examples.DECISION, _INTERACTION, settings=GenesysSettings()),
        ),
    ),
    problems=REFUSALS,
)


def adapter(settings: GenesysSettings) -> Adapter[Interaction]:
    """Return the adapter that attaches user data."""
    return Adapter(
        name="genesys",
        endpoint=ATTACH,
        contact_of=as_contact,
        answer_of=partial(as_userdata, settings=settings),
        deadline_ms=settings.deadline_ms,
    )
