"""Any router that speaks JSON: its fields for ours and ours for its, by a table of routers.toml."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from routing.answer import Decision
from routing.contact import Channel, Contact
from serving import examples
from serving.adapters.contract import REFUSALS, Adapter
from serving.adapters.routers_file import JsonRouter
from serving.adapters.said import contact_of, text_of
from serving.endpoints import Endpoint, Example, Parameter
from serving.identity import Use
from serving.problems import ProblemError

Message = dict[str, Any]

_LONGEST_ID = 200


def at(value: Any, path: str) -> Any:
    """Return what lies at a path with dots, such as `call.legs.0.ani`; None where nothing does."""
    for part in path.split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 5:
            value = value[int(part)] if int(part) < len(value) else None
        else:
            return None
    return value


def as_contact(message: Message, *, router: JsonRouter) -> Contact:
    """Return the contact; ProblemError 422 where its id or its channel is missing or wrong."""
    values = {name: at(message, path) for name, path in router.contact.items()}
    values |= router.constants
    contact_id = text_of(values, "contact_id")
    if contact_id is None or len(contact_id) > _LONGEST_ID:
        where = router.contact.get("contact_id", "contact_id")
        raise ProblemError(
            422,
            f"{where} is missing, or no text of at most {_LONGEST_ID} characters.",
            fix="Send the router's own id of the contact there.",
            field=where,
        )
    return contact_of(
        values,
        contact_id=contact_id,
        channel=_channel(values, router),
        from_=text_of(values, "from"),
        to=text_of(values, "to"),
    )


def _channel(values: Message, router: JsonRouter) -> Channel:
    word = text_of(values, "channel") or ""
    meant = router.channels.get(word, word.lower())
    if meant in set(Channel):
        return Channel(meant)
    where = router.contact.get("channel", "channel")
    allowed = (*router.channels, *Channel)
    raise ProblemError(
        422,
        f"{where} is {word[:80]!r}." if word else f"{where} is missing.",
        fix=f"It must be one of: {', '.join(allowed)}; routers.toml may name others.",
        field=where,
        allowed=allowed,
    )


def as_answer(decision: Decision, _message: Message, *, router: JsonRouter) -> Message:
    """Return the answer in the router's own fields; `presented` is the offer to present."""
    ours = msgspec.to_builtins(decision)
    ours["presented"] = next(
        (one.offer_id for one in decision.handling.offers if one.present), None
    )
    answer: Message = {}
    for path, name in router.answer.items():
        *folders, last = path.split(".")
        place = answer
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = at(ours, name)
    return answer


_ROUTER = JsonRouter(
    contact={"contact_id": "call.id", "from": "call.ani", "reason": "menu.choice"},
    constants={"channel": "voice"},
    answer={"target": "route.queue", "offer": "presented", "ref": "decision_id"},
)
_MESSAGE: Message = {"call": {"id": "c-81", "ani": examples.PHONE}, "menu": {"choice": "quote"}}

MAPPED = Endpoint(
    method="POST",
    path="/v1/adapters/json/{router}",
    summary="Any router: JSON in, JSON out, by a table of routers.toml",
    text=(
        "The table [json.ROUTER] says which of its fields are ours, and which of ours are its;"
        " names are paths with dots. Fields that are not named are ignored."
    ),
    use=Use.DECIDE,
    parameters=(Parameter("router", "path", "The table's name.", "pbx", required=True),),
    body=Message,
    answer=Message,
    examples=(
        Example(
            "a router that nests its call",
            _MESSAGE,
            as_answer(examples.DECISION, _MESSAGE, router=_ROUTER),
        ),
    ),
    problems=(*REFUSALS, 404),
)


def adapter(name: str, router: JsonRouter) -> Adapter[Message]:
    """Return the adapter of one such router."""
    return Adapter(
        name=f"json_{name}",
        endpoint=MAPPED,
        contact_of=partial(as_contact, router=router),
        answer_of=partial(as_answer, router=router),
        deadline_ms=router.deadline_ms,
    )
