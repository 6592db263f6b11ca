"""The form by which marketing approves, pauses or ends an offer, and what it makes of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs

from routing.offer_states import NEXT, OfferState
from serving import offers_ledger
from serving.errors import ServingError
from serving.key_file import Key
from serving.offers_ledger import LONGEST_REASON, Change, ChangesReader
from serving.pages.form_token import FormTokens

_FIELDS_AT_MOST = 8


class ChoiceMissingError(ServingError):
    """The form came without saying what the offer is to become."""


@dataclass(frozen=True, slots=True)
class Option:
    """One state that the offer can go to, as the form says it."""

    to: OfferState
    label: str
    effect: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What came back from a form, whatever it is."""

    to: str = ""
    why: str = ""
    seen: str = ""
    token: str = ""


NOTHING_SENT = Sent()


@dataclass(frozen=True, slots=True)
class OfferForm:
    """What the page shows: where the offer stands, what it can become, and who did what, newest
    first. `trouble` stands in for the form where the file of changes cannot be read.
    """

    state: OfferState
    history: tuple[Change, ...]
    options: tuple[Option, ...]
    token: str
    sent: Sent = NOTHING_SENT
    error: ServingError | None = None
    trouble: ServingError | None = None
    longest_reason: int = LONGEST_REASON

    @property
    def last(self) -> Change | None:
        """The change that made the offer what it is, or None."""
        return self.history[0] if self.history else None


_OPTIONS = {
    OfferState.APPROVED: Option(
        OfferState.APPROVED, "Approve", "It is presented again from the next strategy set on."
    ),
    OfferState.PAUSED: Option(
        OfferState.PAUSED, "Pause", "Nobody is shown it any more, within a second."
    ),
    OfferState.ENDED: Option(
        OfferState.ENDED, "End", "As a pause, and for good: only a new approval brings it back."
    ),
}


def form_of(
    decisions: ChangesReader,
    *,
    offer_id: str,
    asked_by: Key,
    tokens: FormTokens,
    now: datetime,
    sent: Sent = NOTHING_SENT,
    error: ServingError | None = None,
) -> OfferForm:
    """Return the form of one offer; with what was sent and the error, where it was refused."""
    try:
        mine = [one for one in decisions.latest() if one.offer_id == offer_id]
    except ServingError as trouble:
        return OfferForm(OfferState.APPROVED, (), (), "", trouble=trouble)
    state = offers_ledger.state_of(offer_id, mine)
    token = tokens.issue(_subject(offer_id, asked_by, str(len(mine))), now=now)
    options = tuple(_OPTIONS[to] for to in NEXT[state])
    return OfferForm(state, tuple(reversed(mine)), options, token, sent, error)


def read_sent(body: bytes) -> Sent:
    """Return the fields of a form; a body that is none has no fields."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=_FIELDS_AT_MOST)
    except ValueError:
        fields = {}
    return Sent(**{name: fields.get(name, [""])[0] for name in Sent.__slots__})


def take(
    home: Path, *, offer_id: str, asked_by: Key, tokens: FormTokens, now: datetime, sent: Sent
) -> Change:
    """Make the change that was sent; raise the ServingError that says why not."""
    tokens.require(sent.token, _subject(offer_id, asked_by, sent.seen), now=now)
    if sent.to not in set(OfferState):
        raise ChoiceMissingError(
            "It is not said what the offer is to become.", fix="Choose one of the states."
        )
    return offers_ledger.change(
        home,
        offer_id=offer_id,
        to=OfferState(sent.to),
        by=asked_by.name,
        why=sent.why,
        now=now,
        seen=int(sent.seen),  # signed with the token, so it is ours
    )


def _subject(offer_id: str, asked_by: Key, seen: str) -> str:
    return f"{offer_id}\x1f{asked_by.name}\x1f{seen}"
