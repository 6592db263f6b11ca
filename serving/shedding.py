"""Shedding: above so many contacts in hand, the next one is told at once instead of waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Four threads decide; sixty-four in hand means that the last one waits for sixteen others.
MOST_IN_FLIGHT = 64


class Load:
    """How many contacts are being decided in this worker, and how many may be."""

    def __init__(self, *, most_in_flight: int = MOST_IN_FLIGHT) -> None:
        self.most_in_flight = most_in_flight
        self.in_flight = 0
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether the next contact is to be shed."""
        return self.in_flight >= self.most_in_flight

    @property
    def why(self) -> str:
        """What the answer of a contact that was shed says."""
        return f"{self.in_flight} contacts were being decided: this one was not made to wait."

    def enter(self) -> Callable[[], None]:
        """Count one contact; call what is returned, once and from any thread, when it has ended."""
        with self._lock:
            self.in_flight += 1
        return self._leave

    def _leave(self) -> None:
        with self._lock:
            self.in_flight -= 1
