"""The decision log: what was asked, answered and came of it, in one SQLite file (WAL).

One thread writes, in groups: decisions follow at most 50 ms behind their answers, and an outcome
is on disk before it is acknowledged. The queue is bounded; what does not fit is counted.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from serving.errors import LogUnavailableError, ServingError
from serving.log_file import (
    LoggedDecision,
    LoggedOutcome,
    Stored,
    add_decision,
    add_outcome,
    open_log,
)

_log = logging.getLogger("callworth.serving")

# Gathering for 10 ms and writing for a few keeps the log well within 50 ms of the answers.
GATHER_SECONDS = 0.010
QUEUE_LENGTH = 10_000
_GROUP = 2_000
_DRAIN_SECONDS = 10.0
# With these an entry is at fault, with the other errors of SQLite and the disk the file is.
_THE_ENTRY = (
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    sqlite3.DataError,
    sqlite3.IntegrityError,
)


@dataclass(slots=True)
class _Waiting:
    outcome: LoggedOutcome
    done: Future[Stored]


class DecisionLog:
    """Takes decisions at once and outcomes with a promise; one thread owns the connection."""

    def __init__(
        self, file: Path, *, gather_seconds: float = GATHER_SECONDS, length: int = QUEUE_LENGTH
    ) -> None:
        self._file = file
        self._gather_seconds = gather_seconds
        self._queue: queue.Queue[LoggedDecision | _Waiting | None] = queue.Queue(maxsize=length)
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._connection: sqlite3.Connection | None = None
        self.written = 0
        self.dropped = 0
        self.trouble: str | None = None

    def start(self) -> None:
        """Begin to write; a file that cannot be opened is tried again with each group."""
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many entries are not yet written."""
        return self._queue.qsize()

    def add(self, decision: LoggedDecision) -> bool:
        """Queue a decision; False (and counted as dropped) when the queue is full."""
        try:
            self._queue.put_nowait(decision)
        except queue.Full:
            self.dropped += 1
            self.trouble = f"The log's queue is full ({self._queue.maxsize} entries)."
            return False
        return True

    async def store(self, outcome: LoggedOutcome) -> Stored:
        """Store an outcome; when this returns it is on disk.

        Raises DecisionUnknownError, OutcomeConflictError, or LogUnavailableError.
        """
        waiting = _Waiting(outcome, Future())
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise _unavailable("its queue is full") from None
        return await asyncio.wrap_future(waiting.done)

    def close(self) -> None:
        """Write what waits, then close the file; waits at most ten seconds."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(_DRAIN_SECONDS)

    def _run(self) -> None:
        going = True
        while going:
            group: list[LoggedDecision | _Waiting] = []
            entry = self._queue.get()
            if entry is not None:
                time.sleep(self._gather_seconds)
            while entry is not None:
                group.append(entry)
                if len(group) >= _GROUP:
                    break
                try:
                    entry = self._queue.get_nowait()
                except queue.Empty:
                    break
            going = entry is not None
            if group:
                self._write(group)
        if self._connection is not None:
            self._connection.close()

    def _write(self, group: Sequence[LoggedDecision | _Waiting]) -> None:
        for last in (False, True):
            try:
                answers = self._commit(group)
            except Exception as error:  # nothing may end the thread
                self._reset(error)
                if last and len(group) > 1 and _is_of_an_entry(error):
                    for entry in group:  # one entry is bad: it must not cost the others
                        self._write([entry])
                elif last:
                    self._give_up(group, error)
            else:
                self.written += len(group)
                self.trouble = None
                for waiting, answer in answers:
                    _settle(waiting, answer)
                return

    def _commit(
        self, group: Sequence[LoggedDecision | _Waiting]
    ) -> list[tuple[_Waiting, Stored | ServingError]]:
        if self._connection is not None and not self._file.exists():
            # Taken away under us: what is written now would go where nobody finds it.
            self._reset(FileNotFoundError("it was taken away; a new one is begun"))
        connection = self._connection or open_log(self._file)
        self._connection = connection
        answers: list[tuple[_Waiting, Stored | ServingError]] = []
        connection.execute("BEGIN IMMEDIATE")
        for entry in group:
            if isinstance(entry, _Waiting):
                answers.append((entry, add_outcome(connection, entry.outcome)))
            else:
                add_decision(connection, entry)
        connection.execute("COMMIT")
        return answers

    def _reset(self, error: Exception) -> None:
        self.trouble = f"The log {self._file} cannot be written: {error}."
        if self._connection is not None:
            with closing(self._connection):
                self._connection = None

    def _give_up(self, group: Sequence[LoggedDecision | _Waiting], error: Exception) -> None:
        decisions = [entry for entry in group if not isinstance(entry, _Waiting)]
        self.dropped += len(decisions)
        _log.error("%d decisions could not be logged: %s", len(decisions), error)
        for entry in group:
            if isinstance(entry, _Waiting):
                _settle(entry, _unavailable(str(error)))


def _is_of_an_entry(error: Exception) -> bool:
    return isinstance(error, _THE_ENTRY) or not isinstance(error, sqlite3.Error | OSError)


def _settle(waiting: _Waiting, answer: Stored | ServingError) -> None:
    if not waiting.done.set_running_or_notify_cancel():
        return  # who asked has gone
    if isinstance(answer, ServingError):
        waiting.done.set_exception(answer)
    else:
        waiting.done.set_result(answer)


def _unavailable(why: str) -> LogUnavailableError:
    return LogUnavailableError(
        f"The decision log cannot be written now: {why}.", fix="Send the same outcome again later."
    )
