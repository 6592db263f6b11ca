"""The default route of a contact for which there is no time to look anything up."""

from __future__ import annotations

from datetime import datetime

import msgspec

from routing.answer import Decision
from routing.contact import Contact
from routing.decision import decide
from routing.in_force import InForce


def default_for(contact: Contact, *, in_force: InForce, now: datetime, why: str) -> Decision:
    """Return the default of the contact's partner, which says `why`; nobody is looked up."""
    nobody = msgspec.structs.replace(contact, from_=None, customer_id=None, answers=None)
    found = decide(nobody, in_force=in_force, now=now)
    return msgspec.structs.replace(found, why=why)
