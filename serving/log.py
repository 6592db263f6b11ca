"""The decision log: takes decisions at once, and outcomes with a promise.

One thread writes in groups behind the answers, at most 50 ms; an outcome is on disk before it is
acknowledged, and so is a decision where that is asked for. The queue is bounded; what does not
fit is counted, and the log itself gets a row that says from when to when.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from queue import SimpleQueue

from serving.log_entry import LoggedDecision, LoggedOutcome, Stored
from serving.log_file import LogFile
from serving.log_store import LogStore
from serving.log_waiting import WAKE, Entry, Waiting, Wake
from serving.log_writer import GATHER_SECONDS, LogWriter, unavailable

QUEUE_LENGTH = 50_000  # about 75 MB of entries, and a dozen seconds of one worker at full load
DURABLE_SECONDS = 0.050


class DecisionLog:
    """The log as the endpoints see it; nothing here waits for the disk but what says so."""

    def __init__(
        self,
        store: LogStore | Path,
        *,
        gather_seconds: float = GATHER_SECONDS,
        length: int = QUEUE_LENGTH,
    ) -> None:
        self._queue: SimpleQueue[Entry | Wake | None] = SimpleQueue()
        self._length = length
        place = LogFile(store) if isinstance(store, Path) else store
        self._writer = LogWriter(place, self._queue, gather_seconds=gather_seconds)

    def start(self) -> None:
        """Begin to write; a log that cannot be opened is tried again and again."""
        self._writer.start()

    @property
    def full(self) -> bool:
        """Whether no entry can be queued now."""
        return self._queue.qsize() >= self._length

    @property
    def waiting(self) -> int:
        """How many entries are not yet written."""
        return self._queue.qsize() + self._writer.held

    @property
    def written(self) -> int:
        """How many entries were written since the start."""
        return self._writer.written

    @property
    def dropped(self) -> int:
        """How many decisions could not be logged since the start."""
        return self._writer.dropped

    @property
    def trouble(self) -> str | None:
        """What is wrong now, in words, or None."""
        return self._writer.trouble

    def add(self, decision: LoggedDecision) -> bool:
        """Queue a decision; False (and counted as dropped) when the queue is full."""
        if self.full:
            return self._refuse(decision)
        self._queue.put(decision)
        return True

    async def add_durably(
        self, decision: LoggedDecision, *, limit_seconds: float = DURABLE_SECONDS
    ) -> bool:
        """Return True when the decision is on disk; False where that takes longer than the limit.

        After False it stays queued as any other, unless the queue was full.
        """
        if self.full:
            return self._refuse(decision)
        waiting = Waiting(decision)
        self._queue.put(waiting)
        done, _ = await asyncio.wait((waiting.done,), timeout=limit_seconds)
        return bool(done) and waiting.done.result() is Stored.NEW

    async def store(self, outcome: LoggedOutcome) -> Stored:
        """Store an outcome; when this returns it is on disk.

        Raises DecisionUnknownError, OutcomeConflictError, or LogUnavailableError.
        """
        if self.full:
            raise unavailable("its queue is full")
        if self._writer.behind:
            raise unavailable(self.trouble or "it is far behind")
        waiting = Waiting(outcome)
        self._queue.put(waiting)
        answer = await waiting.done
        if isinstance(answer, Stored):
            return answer
        raise answer

    def introduce(self, in_force_id: str, body: bytes) -> None:
        """Keep the record of what is in force; it is written once, before decisions that name it.

        `body` is JSON in UTF-8. It is written at once, so that a log that cannot be is known of
        before the first contact, and the first durable decision does not wait for its opening.
        """
        self._writer.introduce(in_force_id, body)
        self._queue.put(WAKE)

    def close(self) -> None:
        """Write what waits, then close the log; waits at most ten seconds."""
        self._writer.close()

    def _refuse(self, decision: LoggedDecision) -> bool:
        self._writer.miss([decision], f"the log's queue was full ({self._length} entries)")
        return False
