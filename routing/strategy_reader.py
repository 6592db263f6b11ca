"""Which strategy set is in force: the reader follows the pointer to new ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from routing.errors import RoutingError
from routing.open_set import OpenSet
from routing.strategy import Strategy
from routing.strategy_pointer import POINTER, read_pointer

CHECK_SECONDS = 1.0  # how often the pointer is looked at


class StrategyReader:
    """Gives the set in force: looks at the pointer at most once a second and follows it.

    A new set that cannot be opened is not taken: the one before stays, and `problem` says why.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self.folder = folder
        self.problem: str | None = None
        self._clock = clock
        self._check_seconds = check_seconds
        self._lock = threading.Lock()
        self._next_check = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._set: OpenSet | None = None

    @property
    def current(self) -> str | None:
        """The label of the set in force, or None."""
        found = self.snapshot()
        return found.label if found else None

    def snapshot(self) -> OpenSet | None:
        """Return the set in force, or None; never raises. Hold it for all look-ups of a contact."""
        now = self._clock()
        # The first caller looks; the others go on with what there is, unless there is nothing.
        if now >= self._next_check and self._lock.acquire(blocking=self._set is None):
            try:
                if now >= self._next_check:
                    self._next_check = now + self._check_seconds
                    self._follow()
            except Exception as error:  # whatever lies there, the set that is open still serves
                self.problem = f"{self.folder} cannot be followed: {error}."
            finally:
                self._lock.release()
        return self._set

    def close(self) -> None:
        """Let the set go; its connections close when the last look-up has ended."""
        with self._lock:
            self._set = None
            self._seen = None
            self._next_check = float("-inf")

    def _follow(self) -> None:
        try:
            state = (self.folder / POINTER).stat()
        except FileNotFoundError:  # nothing published, or withdrawn on purpose
            self._set, self._seen = None, None
            self.problem = f"No strategy set is published in {self.folder}."
            return
        except OSError as error:  # the folder is out of reach: what is open still serves
            self.problem = f"{self.folder} is out of reach: {error}."
            return
        signature = (state.st_mtime_ns, state.st_ino, state.st_size)
        mended = self._set is None or self._set.damage is None
        if signature == self._seen and self._set is not None and mended:
            self.problem = None
            return
        if not mended and self._set is not None:  # its pages may be kept: look at the file anew
            self.problem = f"{self._set.path} {self._set.damage}."
        try:
            pointer = read_pointer(self.folder)
            if pointer is not None:
                damage = self.problem if not mended else None
                self._set = OpenSet.open(self.folder / pointer.file, pointer=pointer)
                self._seen = signature
                self.problem = damage
        except RoutingError as error:
            self.problem = str(error)

    def by_customer(self, partner: str, customer_id: str) -> Strategy | None:
        """As `OpenSet.by_customer` in the set in force; None where none is."""
        found = self.snapshot()
        return found.by_customer(partner, customer_id) if found else None

    def by_phone(self, partner: str, phone: str, *, name: str | None = None) -> list[Strategy]:
        """As `OpenSet.by_phone` in the set in force; empty where none is."""
        found = self.snapshot()
        return found.by_phone(partner, phone, name=name) if found else []

    def by_answers(
        self,
        partner: str,
        *,
        name: str | None = None,
        street: str | None = None,
        postcode: str | None = None,
    ) -> list[Strategy]:
        """As `OpenSet.by_answers` in the set in force; empty where none is."""
        found = self.snapshot()
        if found is None:
            return []
        return found.by_answers(partner, name=name, street=street, postcode=postcode)
