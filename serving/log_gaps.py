"""Which decisions were answered and are missing in the log, until the log itself says so."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from serving.log_entry import Gap, LoggedDecision, instant_text


class Gaps:
    """Collects what is missing: one gap per reason, growing until it is taken to be written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, Gap] = {}
        self.missed = 0

    @property
    def waiting(self) -> bool:
        """Whether something is to be written."""
        return bool(self._waiting)

    def add(self, decisions: Sequence[LoggedDecision], why: str) -> None:
        """Count decisions that are lost for a reason."""
        times = [str(one.decided_at) for one in decisions]
        if times:
            self._join(Gap(min(times), max(times), len(times), why))

    def note(self, why: str, *, now: datetime) -> None:
        """Keep something that happened to the log itself."""
        self._join(Gap(instant_text(now), instant_text(now), 0, why))

    def take(self) -> list[Gap]:
        """Return what is to be written now; it is forgotten here."""
        if not self._waiting:
            return []
        with self._lock:
            taken, self._waiting = list(self._waiting.values()), {}
        return taken

    def put_back(self, gaps: Sequence[Gap]) -> None:
        """Take back what could not be written."""
        for gap in gaps:
            self._join(gap, again=True)

    def _join(self, gap: Gap, *, again: bool = False) -> None:
        with self._lock:
            if not again:
                self.missed += gap.decisions
            old = self._waiting.get(gap.why, gap)
            decisions = gap.decisions + (old.decisions if old is not gap else 0)
            began, ended = min(old.began_at, gap.began_at), max(old.ended_at, gap.ended_at)
            self._waiting[gap.why] = Gap(began, ended, decisions, gap.why)
