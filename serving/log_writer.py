"""The thread that writes the decision log: gathers a group, commits it, and waits out trouble."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from serving.clock import system_clock
from serving.errors import LogUnavailableError
from serving.log_entry import LoggedDecision, LoggedOutcome, Stored
from serving.log_gaps import Gaps
from serving.log_store import Answer, Fault, Group, LogStore
from serving.log_waiting import Entry, Waiting, Wake, settle

_log = logging.getLogger("callworth.serving")

# Gathering for 10 ms and writing for a few keeps the log well within 50 ms of the answers.
GATHER_SECONDS = 0.010
_GROUP = 2_048
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 0.5
_DRAIN_SECONDS, _LAST_TRIES_SECONDS = 10.0, 1.0
_RECORDS = 256  # of what was in force: for a log that is begun anew


class LogWriter:
    """Owns the store; an entry that was taken is written once, or counted as missing."""

    def __init__(
        self, store: LogStore, queue: SimpleQueue[Entry | Wake | None], *, gather_seconds: float
    ) -> None:
        self._store = store
        self._queue = queue
        self._gather_seconds = gather_seconds
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._held: list[Entry] = []
        self._answers: list[tuple[Waiting, Answer]] = []
        self._closing_since: float | None = None
        self._gaps = Gaps()
        self._records: dict[str, bytes] = {}
        self._recorded: set[str] = set()
        self.written = 0
        self.trouble: str | None = None

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def held(self) -> int:
        """How many entries were taken from the queue and are not yet written."""
        return len(self._held)

    @property
    def behind(self) -> bool:
        """Whether the log cannot be written, and what waits is more than the next try takes."""
        return self.trouble is not None and len(self._held) >= _GROUP

    @property
    def dropped(self) -> int:
        """How many decisions are missing."""
        return self._gaps.missed

    def introduce(self, in_force_id: str, body: bytes) -> None:
        """Keep a record, to be written before the next group."""
        records = {**self._records, in_force_id: body}
        for oldest in list(records)[:-_RECORDS]:
            del records[oldest]
        self._records = records  # replaced whole: the thread reads it

    def miss(self, decisions: Sequence[LoggedDecision], why: str) -> None:
        """Count decisions that are lost, for the log's own row about them."""
        self._gaps.add(decisions, why)
        self.trouble = f"{self._store.name} lacks decisions: {why}."

    def close(self) -> None:
        """Write what waits, then let go of the store; waits at most ten seconds."""
        if self._thread.is_alive():
            self._closing_since = time.monotonic()
            self._queue.put(None)
            self._thread.join(_DRAIN_SECONDS)

    def _run(self) -> None:
        going, pause = True, 0.0
        while going or self._held:
            if going:
                going = self._gather(pause)
            else:
                time.sleep(pause)
            self._held = self._write(self._held)
            self._answer()
            if not self._held:
                pause = 0.0
            elif self._given_up():
                self._abandon()
            else:
                pause = min(max(2 * pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        self._write([])  # what is missing, if that is not said yet
        with suppress(Exception):
            self._store.end(all_written=not self._gaps.waiting)

    def _gather(self, pause: float) -> bool:
        """Take what waits into `_held`; False when the log is to be closed."""
        if pause:
            time.sleep(pause)
        elif (entry := self._queue.get()) is None:
            return False
        elif not isinstance(entry, Wake):
            self._held.append(entry)
            if not isinstance(entry, Waiting):  # who waits is written for at once
                time.sleep(self._gather_seconds)
        with suppress(Empty):
            while len(self._held) < _GROUP:
                entry = self._queue.get_nowait()
                if entry is None:
                    return False
                if not isinstance(entry, Wake):
                    self._held.append(entry)
        return True

    def _write(self, entries: Sequence[Entry]) -> list[Entry]:
        """Write entries in one commit; return those that still wait."""
        gaps = self._gaps.take()
        records = {k: v for k, v in self._records.items() if k not in self._recorded}
        if not (entries or gaps or records):
            return []
        bare = [one.entry if isinstance(one, Waiting) else one for one in entries]
        decisions = [one for one in bare if isinstance(one, LoggedDecision)]
        outcomes = [one for one in bare if isinstance(one, LoggedOutcome)]
        try:
            answers = iter(self._store.write(Group(decisions, outcomes, gaps, records)))
        except Exception as error:  # nothing may end the thread
            self._gaps.put_back(gaps)
            return self._after(error, entries)
        self.written += len(entries)
        self.trouble = None
        self._recorded.update(records)
        waiting = [one for one in entries if isinstance(one, Waiting)]
        self._answers += [(one, next(answers) if one.is_outcome else Stored.NEW) for one in waiting]
        return []

    def _after(self, error: Exception, entries: Sequence[Entry]) -> list[Entry]:
        """Do what the error asks for; return the entries that still wait."""
        fault = self._store.fault(error)
        self.trouble = f"{self._store.name} cannot be written: {error}."
        self._let_go()
        if fault is Fault.ENTRY and len(entries) > 1:  # one is bad: it must not cost the others
            half = len(entries) // 2
            return self._write(entries[:half]) + self._write(entries[half:])
        if fault is Fault.ENTRY:
            self._lose(entries, f"it cannot be stored: {error}")
            return []
        if fault is Fault.DAMAGED:
            self._begin_anew()
        return self._refuse_outcomes(entries, error)

    def _begin_anew(self) -> None:
        try:
            became = self._store.begin_anew()
        except Exception as error:  # it is tried again with the next group
            _log.error("%s is damaged and cannot be put aside", self._store.name, exc_info=error)
            return
        _log.error("%s", became)
        self._gaps.note(became, now=system_clock())

    def _refuse_outcomes(self, entries: Sequence[Entry], error: Exception) -> list[Entry]:
        """Answer that outcomes are not stored; return the decisions."""
        outcomes = [one for one in entries if isinstance(one, Waiting) and one.is_outcome]
        self._answers += [(one, unavailable(str(error))) for one in outcomes]
        return [one for one in entries if one not in outcomes]

    def _lose(self, entries: Sequence[Entry], why: str) -> None:
        bare = [one.entry if isinstance(one, Waiting) else one for one in entries]
        decisions = [one for one in bare if isinstance(one, LoggedDecision)]
        self.miss(decisions, why)
        _log.error("%d decisions could not be logged: %s", len(decisions), why)
        self._answers += [(one, unavailable(why)) for one in entries if isinstance(one, Waiting)]

    def _given_up(self) -> bool:
        since = self._closing_since
        return since is not None and time.monotonic() - since > _LAST_TRIES_SECONDS

    def _abandon(self) -> None:
        self._lose(self._held, "the server ended while the log could not be written")
        self._held = []
        self._answer()

    def _answer(self) -> None:
        """Answer who waits, once what they asked for is no longer counted as waiting."""
        answers, self._answers = self._answers, []
        settle(answers)

    def _let_go(self) -> None:
        self._recorded.clear()
        with suppress(Exception):  # what broke may not close either
            self._store.close()


def unavailable(why: str) -> LogUnavailableError:
    """Return the error for an outcome that cannot be stored now."""
    return LogUnavailableError(
        f"The decision log cannot be written now: {why.rstrip('.')}.",
        fix="Send the same outcome again later.",
    )
