"""The default route of a contact for which there is no time to look anything up."""

from __future__ import annotations

from datetime import datetime

import msgspec

from routing.answer import Decision, Source
from routing.contact import Contact
from routing.decision import decide
from routing.in_force import InForce

# By this the log knows such an answer: nobody is to decide it again as if there had been time.
NOT_LOOKED_UP = "This contact was not looked up."


def default_for(contact: Contact, *, in_force: InForce, now: datetime, why: str) -> Decision:
    """Return the default of the contact's partner, which says `why`; nobody is looked up."""
    nobody = msgspec.structs.replace(contact, from_=None, customer_id=None, answers=None)
    found = decide(nobody, in_force=in_force, now=now)
    ending = "" if why.endswith(NOT_LOOKED_UP) else f" {NOT_LOOKED_UP}"
    return msgspec.structs.replace(found, why=f"{why}{ending}")


def was_looked_up(source: str, why: str | None) -> bool:
    """Return whether an answer is that of a decision, not one given without looking anybody up."""
    return source != Source.DEFAULT or why is None or not why.endswith(NOT_LOOKED_UP)
