"""Deciding over a reader's set, where the quick answer must be the full one to the byte."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import msgspec

from routing.answer import Decision
from routing.contact import Contact
from routing.decision import decide as decide_in_full
from routing.in_force import InForce
from routing.instants import Instants
from routing.open_set import OpenSet
from routing.quick import Quick


class Reader(Protocol):
    def snapshot(self) -> OpenSet | None: ...


def decide(contact: Contact, *, reader: Reader | None, now: datetime, **shares: Any) -> Decision:
    """Return the full decision; a quick answer that differs from it fails the test."""
    strategies = reader.snapshot() if reader is not None else None
    in_force = InForce(strategies=strategies, **shares)
    found = decide_in_full(contact, in_force=in_force, now=now)
    if any("\ud800" <= letter <= "\udfff" for letter in contact.contact_id):
        return found  # no JSON holds half a character: no request can bring it, nor an answer
    quick = Quick(in_force).answer(contact, Instants()(now))
    if quick is not None:
        assert quick.body == msgspec.json.encode(found)
        assert (quick.decision_id, quick.probability) == (found.decision_id, found.probability)
    return found
