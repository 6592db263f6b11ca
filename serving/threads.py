"""Threads for work that may hang: its answer comes back to the event loop, or nobody waits for it.

Leaner than concurrent.futures, whose way there and back costs more than a look-up; and they are
daemons, so that a disk that hangs does not keep the server from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any


@dataclass(frozen=True, slots=True)
class _Job:
    """Work, the future that waits for it (None where nobody does), and what follows its end."""

    work: Callable[[], Any]
    waiting: asyncio.Future[Any] | None
    ended: Callable[[], None] | None


class Threads:
    """So many threads that take work in the order in which it comes; they start with the first."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count = count
        self._name = name
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._started: list[threading.Thread] = []

    def begin(
        self, work: Callable[[], Any], *, ended: Callable[[], None] | None = None
    ) -> asyncio.Future[Any]:
        """Return a future of this event loop for the work's answer.

        Work whose future is done before it has begun (cancelled, or answered otherwise) is left
        out. `ended` is called, in the thread, when the work has ended or was left out.
        """
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._put(_Job(work, waiting, ended))
        return waiting

    def leave(self, work: Callable[[], Any]) -> None:
        """Have the work done some time; nobody waits for it."""
        self._put(_Job(work, None, None))

    def _put(self, job: _Job) -> None:
        while len(self._started) < self._count:
            name = f"{self._name}-{len(self._started)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._started.append(thread)
            thread.start()
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            left_out = job.waiting is not None and job.waiting.done()
            answer, error = (None, None) if left_out else _done(job.work)
            if job.ended is not None:
                job.ended()  # before the answer: who has it may count on that
            if job.waiting is not None and not left_out:
                _tell(job.waiting, answer, error)


def _done(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        return None, error


def _tell(waiting: asyncio.Future[Any], answer: Any, error: Exception | None) -> None:
    try:
        waiting.get_loop().call_soon_threadsafe(_give, waiting, answer, error)
    except RuntimeError:  # the event loop has ended
        return


def _give(waiting: asyncio.Future[Any], answer: Any, error: Exception | None) -> None:
    if waiting.done():
        return  # too late
    if error is not None:
        waiting.set_exception(error)
    else:
        waiting.set_result(answer)
