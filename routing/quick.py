"""The quick answer: a look-up and a join of bytes, where nothing changes the strategy.

It gives what routing.decision.decide gives, to the byte, or nothing: then decide answers.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from routing.answer import Arm, IdentifiedBy
from routing.completion import HELD_BACK
from routing.contact import Answers, Contact
from routing.drawing import drawn, fraction_drawn, id_drawn
from routing.errors import StrategyFileDamagedError
from routing.identification import why_shared
from routing.in_force import InForce
from routing.instants import Instant
from routing.ready import BIT_OF, Ready, ending, held_handling
from routing.slots import arm_at

_Found: TypeAlias = tuple[Ready, IdentifiedBy, str | None]
_ON, _OFF, _NOT_HELD = Arm.ON, Arm.OFF, (False, 1.0)
_BY_ID, _BY_PHONE = IdentifiedBy.CUSTOMER_ID, IdentifiedBy.PHONE
_json = msgspec.json.Encoder().encode
# The strategies of a set expire together, or in a few groups.
_MOST_ENDINGS = 1_000


class QuickAnswer(msgspec.Struct, frozen=True, gc=False):
    """An answer with source `strategy`, and what the log says of it; `offer_id` is presented."""

    body: bytes
    decision_id: str
    ready: Ready
    identified_by: IdentifiedBy
    why: str | None
    offer_id: str | None
    arm: Arm
    probability: float
    strategy_set: str


class Quick:
    """Answers contacts over one InForce; it never changes."""

    def __init__(self, in_force: InForce) -> None:
        self.in_force = in_force
        self._strategies = in_force.strategies
        self._standings = in_force.standings
        self._plan = in_force.plan
        self._share = min(in_force.hold_back_share, 1.0)
        self._label = in_force.strategies.label if in_force.strategies is not None else ""
        self._endings: dict[tuple[int, int, str], bytes] = {}
        # Who explores draws anew for each contact: that is decide's work.
        self._able = in_force.strategies is not None and in_force.exploration.share <= 0.0

    def answer(self, contact: Contact, instant: Instant) -> QuickAnswer | None:
        """Return the answer, or None where more than a look-up is needed."""
        if not self._able or contact.events or contact.features:
            return None
        found = self._found(contact)
        if found is None:
            return None
        ready, by, why = found
        presented = ready.presented
        if (
            ready.expires_at <= instant.microseconds
            or (contact.answers is not None and _moved(contact.answers, ready))
            or (self._standings and not self._standings.keys().isdisjoint(presented))
        ):
            return None
        contact_id, label = contact.contact_id, self._label
        digest = drawn(contact_id, label=label)
        arm, handling, chance = _ON, ready.handling, 1.0
        if presented:
            held = self._held(ready, digest, at=instant.at)
            if held is None:
                return None
            back, chance = held
            if back:
                arm, handling, presented = _OFF, held_handling(ready, why=HELD_BACK), ()
        made = id_drawn(digest, digits=instant.digits)
        parts = (b'{"decision_id":"', made.encode(), b'","contact_id":', _json(contact_id),
                 b',"source":"strategy","why":', b"null" if why is None else _json(why), b",",
                 ready.before, by.encode(), ready.after, handling, ready.rest, arm.encode(),
                 b'","probability":', _json(chance), self._ending(ready))  # fmt: skip
        offer_id = presented[0] if presented else None
        return QuickAnswer(b"".join(parts), made, ready, by, why, offer_id, arm, chance, label)

    def _found(self, contact: Contact) -> _Found | None:
        """Return who fits the id or else the number; None where telling them apart takes more."""
        strategies, by = self._strategies, _BY_ID
        assert strategies is not None  # else nothing is looked up
        try:
            if contact.customer_id:
                found = strategies.ready_by_customer(contact.customer_id)
            elif contact.from_:
                by, found = _BY_PHONE, strategies.ready_by_phone(contact.from_)
            else:
                return None
        except StrategyFileDamagedError:
            return None
        partner = contact.partner
        if partner is not None and not (len(found) == 1 and found[0].partner == partner):
            found = [one for one in found if one.partner == partner]
        if len(found) == 1:
            return found[0], by, None
        if not found or by is _BY_ID or _named(contact.answers):
            return None
        # As identification chooses among a household that nothing tells apart.
        first = min(found, key=lambda one: (-one.value, one.partner, one.customer_id))
        return first, by, why_shared(len(found))

    def _held(self, ready: Ready, digest: bytes, *, at: datetime) -> tuple[bool, float] | None:
        """Return whether the offers are held back, and the chance of that answer; None: ask decide.

        As routing.decision holds back where nothing is explored.
        """
        if self._plan is not None:
            placed = arm_at(self._plan, at, ready.customer_id)
            if placed is not None:
                if placed.place is None or not placed.off:
                    return None
                back = placed.arm is _OFF
                return back, placed.off if back else 1.0 - placed.off
        share = self._share
        if share <= 0.0:
            return _NOT_HELD
        back = fraction_drawn(digest) < share
        return back, share if back else 1.0 - share

    def _ending(self, ready: Ready) -> bytes:
        key = (ready.expires_at, ready.formed_at, ready.model_set)
        found = self._endings.get(key)
        if found is None:
            found = ending(ready, label=self._label)
            if len(self._endings) < _MOST_ENDINGS:
                self._endings[key] = found
        return found


def _moved(answers: Answers, ready: Ready) -> bool:
    """Return whether the caller's reason changes route or handling."""
    return answers.reason is not None and not ready.unmoved & BIT_OF[answers.reason]


def _named(answers: Answers | None) -> bool:
    """Return whether the answers may tell those apart who share a number."""
    return answers is not None and bool(answers.name or answers.street or answers.postcode)
