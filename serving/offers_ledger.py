"""Who approved, paused or ended which offer, when and why: an audited file, a line a change.

HOME/offers/states.jsonl   the changes, each with the digest of the line before
HOME/offers/.lock          held while one change is written
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from features import chain
from routing.offer_states import NEXT, OfferState, Standing
from serving.errors import ServingError

LONGEST_REASON = 300
_PATIENCE_SECONDS = 5.0
_RETRY_SECONDS = 0.02


class Change(msgspec.Struct, frozen=True, rename={"was": "from", "becomes": "to"}):
    """One decision on one offer; `when` is UTC and aware, `by` a key's name or a user's."""

    when: datetime
    offer_id: str
    was: OfferState
    becomes: OfferState
    by: str
    why: str


class ReasonMissingError(ServingError):
    """A change of an offer was asked for without a reason, or with a whole essay."""


class StepNotAllowedError(ServingError):
    """An offer cannot go from the state it is in to the one asked for."""

    status = 409


class OfferChangedError(ServingError):
    """Somebody else has changed the offer since it was looked at."""

    status = 409


class OffersBusyError(ServingError):
    """Another change is being written, for longer than it can take."""

    status = 423


class OffersLedgerDamagedError(ServingError):
    """The file of changes was edited or damaged."""

    status = 503


def ledger_path(home: Path) -> Path:
    """Return where the changes of a workspace's offers lie."""
    return home / "offers" / "states.jsonl"


def changes(home: Path) -> tuple[Change, ...]:
    """Return every change, oldest first; raise OffersLedgerDamagedError, naming the line."""
    path = ledger_path(home)
    try:
        return tuple(_change(value) for value in chain.entries(path))
    except chain.ChainBrokenError as error:
        raise OffersLedgerDamagedError(error.fact, fix=error.fix) from error
    except (OSError, msgspec.ValidationError) as error:
        raise OffersLedgerDamagedError(
            f"{path} cannot be read: {error}.", fix="Put the file back from a backup."
        ) from error


class ChangesReader:
    """Every change in a workspace; the file is read again only when it was written."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: tuple[int, int, int] | None = None
        self._changes: tuple[Change, ...] = ()

    def latest(self) -> tuple[Change, ...]:
        """Return every change, oldest first; raise OffersLedgerDamagedError, naming the line."""
        try:
            status = ledger_path(self._home).stat()
        except FileNotFoundError:
            return ()
        except OSError:
            return changes(self._home)  # which says what is wrong with it
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if seen != self._seen:
            self._changes, self._seen = changes(self._home), seen
        return self._changes


def standings(made: Iterable[Change]) -> dict[str, Standing]:
    """Return where each offer stands after these changes; those without one are approved."""
    return {one.offer_id: Standing(one.becomes, one.why, one.when) for one in made}


def state_of(offer_id: str, made: Iterable[Change]) -> OfferState:
    """Return the state of one offer after these changes."""
    found = standings(made).get(offer_id)
    return found.state if found else OfferState.APPROVED


def change(
    home: Path,
    *,
    offer_id: str,
    to: OfferState,
    by: str,
    why: str,
    now: datetime,
    seen: int | None = None,
) -> Change:
    """Write that an offer goes to that state, and return it; on disk when this returns.

    `seen` is how many changes of this offer whoever asks has seen; None asks regardless.

    Raises:
        ReasonMissingError, StepNotAllowedError, OfferChangedError, OffersBusyError,
        OffersLedgerDamagedError.
    """
    reason = _reason(why)
    with _one_writer(home):
        made = changes(home)
        mine = [one for one in made if one.offer_id == offer_id]
        if seen is not None and seen != len(mine):
            raise _changed_meanwhile(mine)
        was = state_of(offer_id, mine)
        if to not in NEXT[was]:
            raise _not_allowed(offer_id, was)
        wanted = Change(now, offer_id, was, to, by, reason)
        chain.append(ledger_path(home), msgspec.to_builtins(wanted))
    return wanted


def paused_in_doubt(home: Path) -> dict[str, Standing]:
    """Return the offers that a damaged file, as far as it can be read, says are stopped.

    Where its lines cannot be trusted, a stop is believed and an approval is not.
    """
    found: dict[str, Standing] = {}
    for line in chain.whole_lines(ledger_path(home)):
        try:
            one = msgspec.json.decode(line, type=Change)
        except (msgspec.MsgspecError, ValueError):
            continue
        if one.becomes is not OfferState.APPROVED:
            found[one.offer_id] = Standing(one.becomes, one.why, one.when)
    return found


def _change(value: dict[str, Any]) -> Change:
    return msgspec.convert(value, type=Change)


def _reason(why: str) -> str:
    """Return the reason on one line of printable characters, or raise ReasonMissingError."""
    reason = " ".join("".join(c if c.isprintable() else " " for c in why).split())
    if not reason:
        raise ReasonMissingError(
            "A reason is missing.", fix="Say in a few words why; it is kept and shown."
        )
    if len(reason) > LONGEST_REASON:
        raise ReasonMissingError(
            f"The reason has {len(reason)} characters.",
            fix=f"Say it in at most {LONGEST_REASON}.",
        )
    return reason


def _changed_meanwhile(mine: list[Change]) -> OfferChangedError:
    last = mine[-1] if mine else None
    return OfferChangedError(
        f"{last.by} has {last.becomes} this offer meanwhile: {last.why}."
        if last
        else "The changes of this offer are not those that were shown.",
        fix="Look at it again, then decide.",
    )


def _not_allowed(offer_id: str, was: OfferState) -> StepNotAllowedError:
    return StepNotAllowedError(
        f"Offer '{offer_id}' is {was}.",
        fix=f"From there it can only become {' or '.join(NEXT[was])}.",
    )


@contextmanager
def _one_writer(home: Path) -> Iterator[None]:
    """Let one change at a time be written; a killed process lets go by itself."""
    path = ledger_path(home).with_name(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while not _locked(file.fileno()):
            if time.monotonic() > give_up:
                raise OffersBusyError(
                    f"Another change of an offer holds {path}.", fix="Try again in a moment."
                )
            time.sleep(_RETRY_SECONDS)
        yield


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
