"""The question a router asks: one contact, with all that is known when it arrives."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from routing.freshly_known import KnownEvents, KnownFeatures

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=400)]
Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=600_000)]


class Channel(StrEnum):
    """How the contact comes in."""

    VOICE = "voice"
    CALLBACK = "callback"
    EMAIL = "email"
    CHAT = "chat"
    MESSAGE = "message"


class ContactReason(StrEnum):
    """What the caller says the contact is about; the same words as the data contract."""

    QUOTE = "quote"
    BILLING = "billing"
    CLAIM = "claim"
    CHANGE = "change"
    CANCEL = "cancel"
    OTHER = "other"


class Answers(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the caller answered in the voice menu or a form; answers we do not use are ignored."""

    reason: ContactReason | None = None
    name: Text | None = None
    street: Text | None = None
    postcode: Text | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One contact that asks where to go; `from` and `to` are addresses, mostly phone numbers.

    `deadline_ms` is how long the router waits before it goes its own way. `events` and `features`
    are what has become known since the strategy was formed. `durable` asks that the decision is on
    disk before it is answered.
    """

    contact_id: Identifier
    channel: Channel
    from_: Text | None = msgspec.field(name="from", default=None)
    to: Text | None = None
    partner: Text | None = None
    customer_id: Text | None = None
    answers: Answers | None = None
    deadline_ms: Milliseconds | None = None
    events: KnownEvents = ()
    features: KnownFeatures | None = None
    durable: bool = False

    @property
    def said(self) -> Answers:
        """The answers, empty where there are none."""
        return self.answers if self.answers is not None else Answers()
