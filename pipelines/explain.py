"""One logged answer, rebuilt from what it rested on and compared to the byte, with its steps."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from features.errors import DataNotFoundError
from pipelines.erasing.decision_log import TOMBSTONE
from pipelines.explain_steps import steps_of
from pipelines.replay_in_force import Rebuilding
from pipelines.replay_log import LogReading
from routing.answer import Decision
from routing.contact import Contact
from routing.decision import decide
from routing.default_route import default_for, was_looked_up
from routing.in_force import InForce
from serving.log_entry import LoggedDecision


class DecisionNotLoggedError(DataNotFoundError):
    """The log has no decision of this id."""


class Explained(msgspec.Struct, frozen=True):
    """One decision: `same` is None where it cannot be rebuilt, and `why` says why not.

    `differs` names the fields in which the rebuilt answer is another than the logged one.
    """

    decision_id: str
    contact_id: str
    decided_at: str
    same: bool | None
    why: str | None
    differs: tuple[str, ...]
    steps: tuple[str, ...]
    request: str
    answer: msgspec.Raw
    rebuilt: msgspec.Raw | None

    @property
    def text(self) -> str:
        """The steps, and how the rebuilt answer compares, for a person."""
        return "\n".join((*self.steps, self._comparison()))

    def _comparison(self) -> str:
        size = len(bytes(self.answer))
        if self.same:
            return f"Rebuilt: the same answer to the byte ({size:,} bytes)."
        if self.same is None:
            return f"Not rebuilt: {self.why} Above stands the answer as it was logged."
        found = f"Rebuilt: another answer; it differs in {', '.join(self.differs)}."
        return f"{found} {self.why}" if self.why else found


def explain(decision_id: str, *, log: Path, home: Path) -> Explained:
    """Return a logged decision with its steps, rebuilt where all that it rested on is kept.

    Raises DecisionNotLoggedError where the log does not hold it.
    """
    reading = LogReading(log)
    entry = reading.decision(decision_id)
    if entry is None:
        raise DecisionNotLoggedError(
            f"The log '{log}' has no decision '{decision_id}'.",
            fix="Give the decision_id of an answer of this server, as it stands in the answer.",
        )
    found = Rebuilding(reading, home=home).of(entry)
    contact = read_contact(entry)
    rebuilt, why = None, found.why
    if entry.request == TOMBSTONE:
        why = "Its customer was erased."
    elif contact is None:
        why = "The request is not one of POST /v1/decisions."
    elif found.in_force is not None:
        rebuilt = msgspec.json.encode(_decided_again(entry, contact, in_force=found.in_force))
    return Explained(
        decision_id=entry.decision_id,
        contact_id=entry.contact_id,
        decided_at=entry.decided_at,
        same=None if rebuilt is None else rebuilt == entry.answer.encode(),
        why=why,
        differs=_differences(rebuilt, entry.answer.encode()),
        steps=steps_of(entry, read_answer(entry), contact=contact, record=found.record),
        request=entry.request,
        answer=msgspec.Raw(entry.answer.encode()),
        rebuilt=None if rebuilt is None else msgspec.Raw(rebuilt),
    )


def _decided_again(entry: LoggedDecision, contact: Contact, *, in_force: InForce) -> Decision:
    now = datetime.fromisoformat(entry.decided_at)
    if was_looked_up(entry.source, entry.why):
        return decide(contact, in_force=in_force, now=now)
    return default_for(contact, in_force=in_force, now=now, why=entry.why or "")


def read_contact(entry: LoggedDecision) -> Contact | None:
    """Return what was asked, or None where the logged request is none of ours."""
    try:
        return msgspec.json.decode(entry.request, type=Contact)
    except msgspec.MsgspecError:
        return None


def read_answer(entry: LoggedDecision) -> Decision | None:
    """Return what was answered, or None where it is not of the form of today."""
    try:
        return msgspec.json.decode(entry.answer, type=Decision)
    except msgspec.MsgspecError:
        return None


def _differences(rebuilt: bytes | None, answer: bytes) -> tuple[str, ...]:
    """Return the names of the fields that differ; `the order of the fields` where none does."""
    if rebuilt is None or rebuilt == answer:
        return ()
    new, old = msgspec.json.decode(rebuilt), msgspec.json.decode(answer)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return tuple(names) or ("the writing of equal values",)
