"""Who writes a log file now: a numbered place, whose lock a killed process lets go of."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from datetime import datetime
from itertools import count
from pathlib import Path

from serving.log_entry import Gap, instant_text

KILLED = (
    "A process that wrote here was killed, or ended while it could not write: what it had"
    " answered since its last commit is missing."
)
_FIND = "SELECT last_at FROM writers WHERE place = ?"
_ENTER = "INSERT OR REPLACE INTO writers VALUES (?, ?, ?)"
_SEEN = "UPDATE writers SET last_at = ? WHERE place = ?"
_LEAVE = "DELETE FROM writers WHERE place = ?"


class Presence:
    """One process's place among the writers of a file; its row stays behind if it is killed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock: int | None = None
        self._place = 0
        self._entered = False

    def enter(self, connection: sqlite3.Connection, *, now: datetime) -> list[Gap]:
        """Enter the row of this process; return the gap that who was killed here left behind."""
        if self._lock is None:
            self._take()
        text = instant_text(now)
        found = connection.execute(_FIND, (self._place,)).fetchone()
        connection.execute(_ENTER, (self._place, text, text))
        known, self._entered = self._entered, True
        return [] if found is None or known else [Gap(found[0], text, 0, KILLED)]

    def seen(self, connection: sqlite3.Connection, *, decided_at: str) -> None:
        """Note when the last decision of a commit was decided."""
        connection.execute(_SEEN, (decided_at, self._place))

    def leave(self, connection: sqlite3.Connection) -> None:
        """Take the row away: nothing is missing."""
        connection.execute(_LEAVE, (self._place,))

    def let_go(self) -> None:
        """Give the place to who comes next."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock, self._entered = None, False

    def _take(self) -> None:
        for place in count(1):
            name = self._file.with_name(f"{self._file.name}.writer-{place}")
            lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                self._lock, self._place = lock, place
                return
