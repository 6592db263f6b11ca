"""Where each offer stands now: follows the file of changes, looked at once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from routing.offer_states import NOTHING_DECIDED, Standings
from serving import offers_ledger
from serving.offers_ledger import OffersLedgerDamagedError, ledger_path

CHECK_SECONDS = 1.0
_Seen = tuple[int, int, int]


class OfferStates:
    """The standings in force; never raises.

    A file that vanishes or breaks changes nothing: what was read before stays. Where nothing was
    read before, every offer that a broken file stops anywhere is stopped.
    """

    def __init__(
        self,
        home: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._home = home
        self._path = ledger_path(home)
        self._clock = clock
        self._check_seconds = check_seconds
        self._next_check = float("-inf")
        self._lock = threading.Lock()
        self._seen: _Seen | None = None
        self._read = False
        self._standings: Standings = NOTHING_DECIDED
        self._damage: str | None = None
        self.trouble: str | None = None

    def current(self) -> Standings:
        """Return the standing of each offer that was ever decided on."""
        now = self._clock()
        if now >= self._next_check and self._lock.acquire(blocking=False):
            try:
                self._next_check = now + self._check_seconds
                self._follow()
            except Exception as error:  # whatever lies there, what was read before still holds
                self.trouble = f"{self._path} cannot be followed: {error}."
            finally:
                self._lock.release()
        return self._standings

    def _follow(self) -> None:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            gone = f"{self._path} is gone; what it said before stays in force."
            self.trouble = gone if self._standings else None
            return
        seen = (state.st_mtime_ns, state.st_ino, state.st_size)
        if seen != self._seen:
            self._damage = self._taken()
            self._seen = seen
        self.trouble = self._damage

    def _taken(self) -> str | None:
        """Take what the file says, and return what is wrong with it, or None."""
        try:
            self._standings = offers_ledger.standings(offers_ledger.changes(self._home))
        except OffersLedgerDamagedError as error:
            if not self._read:
                self._standings = offers_ledger.paused_in_doubt(self._home)
            kept = "as they were read before" if self._read else "stopped where it stops them"
            return f"{error.fact} The offers stay {kept}."
        self._read = True
        return None
