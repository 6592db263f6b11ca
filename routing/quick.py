"""The quick answer: a look-up and a join of bytes, where nothing changes the strategy.

It gives what routing.decision.decide gives, to the byte, or nothing: then decide answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import msgspec

from routing.answer import Arm, IdentifiedBy
from routing.contact import Contact
from routing.drawing import decision_id, hold_back_draw
from routing.errors import StrategyFileDamagedError
from routing.identification import why_shared
from routing.in_force import InForce
from routing.open_set import OpenSet
from routing.ready import BIT_OF, Ready, ending
from routing.slots import arm_at

_Found: TypeAlias = tuple[Ready, IdentifiedBy, str | None]
_BY_ID, _BY_PHONE = IdentifiedBy.CUSTOMER_ID, IdentifiedBy.PHONE
_json = msgspec.json.Encoder().encode
# The strategies of a set expire together, or in a few groups.
_MOST_ENDINGS = 1_000


@dataclass(slots=True)
class QuickAnswer:
    """An answer with source `strategy` and arm `on`, and what the log says of it."""

    body: bytes
    decision_id: str
    ready: Ready
    identified_by: IdentifiedBy
    why: str | None
    probability: float
    strategy_set: str


class Quick:
    """Answers contacts over one InForce; it never changes."""

    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self._strategies = in_force.strategies
        self._standings = in_force.standings
        self._endings: dict[tuple[int, int, str], bytes] = {}
        # Who explores draws anew for each contact: that is decide's work.
        self._able = in_force.strategies is not None and in_force.exploration.share <= 0.0

    def answer(self, contact: Contact, *, now: datetime, instant: str) -> QuickAnswer | None:
        """Return the answer, or None where more than a look-up is needed.

        `instant` is `now` as ISO text with microseconds.
        """
        strategies = self._strategies
        if strategies is None or not self._able or contact.events or contact.features:
            return None
        found = self._found(contact, strategies)
        if found is None:
            return None
        ready, by, why = found
        if ready.expires_at <= now.timestamp() * 1e6 or _moved(contact, ready):
            return None
        if self._standings and not self._standings.keys().isdisjoint(ready.presented):
            return None
        label = strategies.label
        on = self._chance_on(contact, ready, now=now, label=label)
        if on is None:
            return None
        made = decision_id(contact.contact_id, label=label, instant=instant)
        parts = (b'{"decision_id":"', made.encode(), b'","contact_id":', _json(contact.contact_id),
                 b',"source":"strategy","why":', b"null" if why is None else _json(why), b",",
                 ready.before, by.encode(), ready.after, _json(on),
                 self._ending(ready, label=label))  # fmt: skip
        return QuickAnswer(b"".join(parts), made, ready, by, why, on, label)

    def _found(self, contact: Contact, strategies: OpenSet) -> _Found | None:
        """Return who fits the id or else the number; None where telling them apart takes more."""
        try:
            if contact.customer_id:
                by, found = _BY_ID, strategies.ready_by_customer(contact.customer_id)
            elif contact.from_:
                by, found = _BY_PHONE, strategies.ready_by_phone(contact.from_)
            else:
                return None
        except StrategyFileDamagedError:
            return None
        if contact.partner is not None:
            found = [one for one in found if one.partner == contact.partner]
        if len(found) == 1:
            return found[0], by, None
        if not found or by is _BY_ID or _named(contact):
            return None
        # As identification chooses among a household that nothing tells apart.
        first = min(found, key=lambda one: (-one.value, one.partner, one.customer_id))
        return first, by, why_shared(len(found))

    def _chance_on(
        self, contact: Contact, ready: Ready, *, now: datetime, label: str
    ) -> float | None:
        """Return the chance of the arm `on`; None where the offers are held back."""
        if not ready.presented:
            return 1.0
        share, plan = self.in_force.hold_back_share, self.in_force.plan
        placed = arm_at(plan, now, ready.customer_id) if plan is not None else None
        if placed is None:
            if share <= 0.0:
                return 1.0
            drawn = hold_back_draw(contact.contact_id, label=label) < share
            return None if drawn else 1.0 - min(share, 1.0)
        if placed.place is None or placed.arm is Arm.OFF:
            return None
        return 1.0 - placed.off

    def _ending(self, ready: Ready, *, label: str) -> bytes:
        key = (ready.expires_at, ready.formed_at, ready.model_set)
        found = self._endings.get(key)
        if found is None:
            found = ending(ready, label=label)
            if len(self._endings) < _MOST_ENDINGS:
                self._endings[key] = found
        return found


def _moved(contact: Contact, ready: Ready) -> bool:
    """Return whether the caller's reason changes route or handling."""
    reason = contact.answers.reason if contact.answers is not None else None
    return reason is not None and not ready.unmoved & BIT_OF[reason]


def _named(contact: Contact) -> bool:
    """Return whether the contact's answers may tell those apart who share a number."""
    answers = contact.answers
    return answers is not None and bool(answers.name or answers.street or answers.postcode)
