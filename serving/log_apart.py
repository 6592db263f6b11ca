"""A log that another process writes: the one that answers routers shares no lock with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from serving import log_frames
from serving.errors import DecisionUnknownError, OutcomeConflictError, ServingError
from serving.log_entry import Stored
from serving.log_frames import (
    Answered,
    Asked,
    Begin,
    BeginAnew,
    Close,
    Done,
    End,
    SentAnswer,
    Write,
)
from serving.log_store import Answer, Fault, Group

CHILD = "serving.log_process"
_ROOT = Path(__file__).resolve().parents[1]
_ERRORS: dict[str, type[ServingError]] = {
    kind.__name__: kind for kind in (DecisionUnknownError, OutcomeConflictError)
}
_END_SECONDS = 10.0


class ApartError(OSError):
    """The writing process could not do it; `fault` is what its error says."""

    def __init__(self, words: str, *, fault: Fault) -> None:
        super().__init__(words)
        self.fault = fault


class ApartStore:
    """The place of a log, reached through a process of its own; one that dies is begun again.

    What was not acknowledged is asked for once more: a decision that is there already stays.
    """

    def __init__(self, file: Path, *, log: str | None, name: str) -> None:
        self._begin = Begin(str(file.absolute()), log)
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return self._name

    def write(self, group: Group) -> list[Answer]:
        """Write a group in one commit; when this returns it is on disk."""
        done = self._ask(
            Write(
                list(group.decisions),
                list(group.outcomes),
                list(group.gaps),
                dict(group.in_force),
            )
        )
        return [_answer(sent) for sent in done.answers]

    def fault(self, error: Exception) -> Fault:
        """Return what an error that `write` raised says; what cannot be sent is an entry's."""
        if isinstance(error, ApartError):
            return error.fault
        return Fault.PLACE if isinstance(error, OSError) else Fault.ENTRY

    def begin_anew(self) -> str:
        """Put aside what is damaged, and return in words what became of it."""
        return self._ask(BeginAnew()).words

    def close(self) -> None:
        """Let go of the log; the next group opens it again."""
        if self._line is not None:
            self._ask(Close())

    def end(self, *, all_written: bool) -> None:
        """Let go of the log for good, and let the process end."""
        if self._line is not None:
            with suppress(OSError):
                self._ask(End(all_written))
        self._gone()

    def _ask(self, message: Asked) -> Done:
        line = self._line or self._started()
        answer = self._exchanged(line, message)
        if not isinstance(answer, Done):
            raise ApartError(answer.words, fault=answer.fault)
        return answer

    def _started(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-P", "-m", CHILD, str(theirs.fileno())]
            environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(_ROOT), *_more_paths()))}
            self._process = subprocess.Popen(
                command, pass_fds=(theirs.fileno(),), env=environment, start_new_session=True
            )
        self._line = ours
        answer = self._exchanged(ours, self._begin)
        if not isinstance(answer, Done):
            raise ApartError(answer.words, fault=answer.fault)
        return ours

    def _exchanged(self, line: socket.socket, message: Asked) -> Answered:
        try:
            log_frames.send(line, message)
            answer = log_frames.answered(line)
        except OSError:
            self._gone()
            raise
        if answer is None:
            self._gone()
            raise ApartError("the process that writes it has ended", fault=Fault.PLACE)
        return answer

    def _gone(self) -> None:
        line, self._line = self._line, None
        process, self._process = self._process, None
        if line is not None:
            line.close()
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:  # it hangs on a disk: it ends when that answers
                process.kill()


def _more_paths() -> tuple[str, ...]:
    given = os.environ.get("PYTHONPATH")
    return (given,) if given else ()


def _answer(sent: SentAnswer) -> Answer:
    if sent.kind in _ERRORS:
        return _ERRORS[sent.kind](sent.fact, fix=sent.fix)
    return Stored(sent.kind)
