"""HOME/routers.toml: what the adapters need to know of the routers that ask."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from routing.answer import Decision
from routing.contact import Answers
from serving.errors import ServingError

FILE = "routers.toml"
TWILIO_DEADLINE_MS = 5_000

Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=600_000)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=86_400)]

# A SIP URI as it may stand in a Request-URI: no space, no control character, no angle bracket.
_SIP = re.compile(
    r"sips?:(?:[\w.!~*'()&=+$,;?/%-]+@)?(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:;[\w.=-]+)*",
    re.ASCII,
)


# What [json.NAME] may map: the fields of a contact, what callers answered, and our answer's parts.
OF_A_CONTACT = frozenset(
    {"contact_id", "channel", "from", "to", "partner", "customer_id", "deadline_ms"}
    | set(Answers.__struct_fields__)
)
OF_AN_ANSWER = frozenset({*Decision.__struct_fields__, "presented"})


class RoutersFileError(ServingError):
    """HOME/routers.toml cannot be read or says something that cannot be meant."""


class Client(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One client, by the name of its key: how long it waits where its message does not say."""

    deadline_ms: Milliseconds


class ConnectSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Amazon Connect: the predefined attribute that holds the skills, and how long a step lasts.

    `seconds_ahead` is how much older (in seconds) a contact of a value group is made in the queue.
    """

    skill_attribute: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "Skill"
    step_seconds: Seconds = 120
    seconds_ahead: dict[str, Annotated[int, msgspec.Meta(ge=0, le=86_400)]] = {}
    deadline_ms: Milliseconds = 3_000


class TwilioSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Twilio TaskRouter: the token that signs, the address as Twilio calls it, and the answer."""

    auth_token: Annotated[str, msgspec.Meta(min_length=1)]
    public_url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^/?#\s]+$")]
    post_work_activity_sid: str | None = None
    deadline_ms: Milliseconds = TWILIO_DEADLINE_MS


class GenesysSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Genesys: the Stat Server whose agent groups the queues are."""

    stat_server: Annotated[str, msgspec.Meta(pattern=r"^[\w.-]+$")] = "StatServer"
    deadline_ms: Milliseconds = 5_000


class KamailioSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Kamailio: the address of each queue; nothing else is ever answered as an address.

    `default` is where every contact may go at last. Timers are milliseconds: until the callee's
    first sign of life, and until it picks up.
    """

    default: str
    queues: dict[str, str] = {}
    sign_of_life_ms: Milliseconds = 2_000
    ring_ms: Milliseconds = 30_000
    deadline_ms: Milliseconds = 200


class JsonRouter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A router with JSON of its own: its field for each of ours, and ours for each of its answer.

    Names are paths with dots. `constants` are fields of the contact that its message does not
    hold; `channels` are its words for ours.
    """

    contact: dict[str, str]
    answer: dict[str, str]
    constants: dict[str, str | int] = {}
    channels: dict[str, Literal["voice", "callback", "email", "chat", "message"]] = {}
    deadline_ms: Milliseconds = 200


class Routers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file; a table that is missing has its defaults, or its adapter is not there."""

    most_in_flight: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 64
    same_answer_seconds: Seconds = 3_600
    clients: dict[str, Client] = {}
    connect: ConnectSettings = ConnectSettings()
    twilio: TwilioSettings | None = None
    genesys: GenesysSettings = GenesysSettings()
    kamailio: KamailioSettings | None = None
    json: dict[str, JsonRouter] = {}


def read_routers(home: Path) -> Routers:
    """Return what HOME/routers.toml says, or the defaults where there is no such file.

    Raises RoutersFileError that names the place and what is allowed there.
    """
    file = home / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Routers()
    except (OSError, UnicodeDecodeError) as error:
        raise RoutersFileError(f"{file} cannot be read: {error}.", fix="Restore it.") from error
    try:
        found = msgspec.convert(tomllib.loads(text), Routers)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RoutersFileError(
            f"{file}: {error}.", fix="docs/routers.md shows what each table holds."
        ) from error
    _check_addresses(found.kamailio, file)
    for name, router in found.json.items():
        _check_mapping(router, f"{file}, [json.{name}]")
    return found


def _check_addresses(kamailio: KamailioSettings | None, file: Path) -> None:
    if kamailio is None:
        return
    for name, address in {"default": kamailio.default, **kamailio.queues}.items():
        if not _SIP.fullmatch(address):
            raise RoutersFileError(
                f"{file}, [kamailio] {name}: {address!r} is no SIP address.",
                fix="Write it as sip:queue@host:port.",
            )


def _check_mapping(router: JsonRouter, place: str) -> None:
    known = {*router.contact, *router.constants}
    unknown = sorted(known - OF_A_CONTACT)
    if unknown:
        raise RoutersFileError(
            f"{place}: a contact has no {unknown[0]!r}.",
            fix=f"It has: {', '.join(sorted(OF_A_CONTACT))}.",
        )
    missing = sorted({"contact_id", "channel"} - known)
    if missing:
        raise RoutersFileError(
            f"{place} does not say where {missing[0]} comes from.",
            fix=f"Add {missing[0]} under [.contact], or under [.constants].",
        )
    wrong = [ours for ours in router.answer.values() if ours.split(".")[0] not in OF_AN_ANSWER]
    if wrong:
        raise RoutersFileError(
            f"{place}.answer: an answer has no {wrong[0]!r}.",
            fix=f"It has: {', '.join(sorted(OF_AN_ANSWER))}.",
        )
    theirs = sorted(f"{path}." for path in router.answer)
    if any(after.startswith(before) for before, after in pairwise(theirs)):
        raise RoutersFileError(
            f"{place}.answer: one name lies within another.", fix="Give each value its own name."
        )
