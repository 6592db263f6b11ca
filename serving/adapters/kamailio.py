"""Kamailio: a call in, an rtjson document out (the routing document of its module of that name).

The documentation of the module, version 5.6, tells of its fields. Every
address comes from HOME/routers.toml: no caller and no customer's data can make one.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

import msgspec

from routing.answer import Decision
from routing.contact import Channel, Contact
from serving import examples
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.routers_file import KamailioSettings
from serving.adapters.said import Address, VendorId, contact_of
from serving.endpoints import Endpoint, Example
from serving.identity import Use

# What would end a header, or begin another one.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
_LONGEST_HEADER = 200


class SipCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One INVITE: its Call-ID, who calls (`anonymous` where the number is withheld) and whom.

    `said` may hold partner, customer_id, reason, name, street, postcode and deadline_ms.
    """

    call_id: VendorId
    from_: Annotated[Address, msgspec.Meta(min_length=1)] = msgspec.field(name="from")
    to: Address | None = None
    said: dict[str, str | None] = {}


class SipHeaders(msgspec.Struct, frozen=True):
    """Headers that the branch gets; `extra` holds whole lines."""

    extra: str


class SipRoute(msgspec.Struct, frozen=True):
    """One address to try, and for how long (milliseconds): until a first answer, until pick-up."""

    uri: str
    headers: SipHeaders
    fr_timer: int
    fr_inv_timer: int


class RtJson(msgspec.Struct, frozen=True, kw_only=True):
    """The routing document; the routes are tried one after the other."""

    version: str = "1.0"
    routing: str = "serial"
    routes: tuple[SipRoute, ...]


def as_contact(call: SipCall) -> Contact:
    """Return the contact of a call."""
    return contact_of(
        call.said, contact_id=call.call_id, channel=Channel.VOICE, from_=call.from_, to=call.to
    )


def as_rtjson(decision: Decision, _call: SipCall, *, settings: KamailioSettings) -> RtJson:
    """Return the routes: the queue's address, its fallbacks', and at last the default one.

    A queue without an address is left out; the same address is not tried twice in a row.
    """
    wanted = [decision.route.queue, *(one.queue for one in decision.route.fallbacks)]
    ring = [max(1, one.after_seconds) * 1000 for one in decision.route.fallbacks]
    ring += [settings.ring_ms] * (len(wanted) + 1 - len(ring))
    routes: list[SipRoute] = []
    for queue, milliseconds in zip([*wanted, "default"], ring, strict=True):
        address = settings.queues.get(queue) if queue != "default" else settings.default
        if address is None or (routes and routes[-1].uri == address):
            continue
        headers = SipHeaders(_lines(decision, queue))
        routes.append(SipRoute(address, headers, settings.sign_of_life_ms, milliseconds))
    return RtJson(routes=tuple(routes))


def _lines(decision: Decision, queue: str) -> str:
    offer = next((one.offer_id for one in decision.handling.offers if one.present), None)
    values = {
        "Queue": queue,
        "Group": decision.value_group,
        "Priority": str(decision.route.priority),
        "Source": decision.source.value,
        "Decision": decision.decision_id,
        "Offer": offer,
        "Why": decision.why,
    }
    return "".join(f"X-Route-{name}: {_line(text)}\r\n" for name, text in values.items() if text)


def _line(text: str) -> str:
    """Return the text as it may stand in a header: one line of ASCII."""
    one_line = _UNSAFE.sub(" ", text).encode("ascii", "replace").decode("ascii")
    return one_line[:_LONGEST_HEADER].strip()


_CALL = SipCall(call_id="a84b4c76e66710@pbx", from_=examples.PHONE, to="+15550199")
_SETTINGS = KamailioSettings(
    default="sip:default@10.0.0.9:5060",
    queues={"sales_first": "sip:first@10.0.0.7:5060", "sales_any": "sip:any@10.0.0.8:5060"},
)

RTJSON = Endpoint(
    method="POST",
    path="/v1/adapters/kamailio",
    summary="Kamailio: a call in, an rtjson document out",
    text=(
        "Ordered routes, each with its headers and timers, for rtjson_init_routes. The addresses"
        " stand in routers.toml and nowhere else. A withheld number is sent as `anonymous`; an"
        " empty `from` is refused, because a router that forgets it sends every call one way."
    ),
    use=Use.DECIDE,
    body=SipCall,
    answer=RtJson,
    examples=(
        Example(
            "a lead who is known by phone",
            _CALL,
            as_rtjson(examples.DECISION, _CALL, settings=_SETTINGS),
        ),
    ),
    problems=(*REFUSALS, 404),
)


def adapter(settings: KamailioSettings) -> Adapter[SipCall]:
    """Return the adapter over the addresses in the settings."""
    return Adapter(
        name="kamailio",
        endpoint=RTJSON,
        contact_of=as_contact,
        answer_of=partial(as_rtjson, settings=settings),
        deadline_ms=settings.deadline_ms,
    )
