"""The process that writes a decision log for a server: `python -m serving.log_process FD`.

It does what is asked over the socket and nothing else; when the server has gone, it ends. It
imports next to nothing, so that it starts at once and takes little memory.
"""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from serving.errors import ServingError
from serving.log_frames import (
    Answered,
    Asked,
    Begin,
    BeginAnew,
    Close,
    Done,
    End,
    Failed,
    SentAnswer,
    Write,
    asked,
    send,
)
from serving.log_place import place_at
from serving.log_store import Answer, Group, LogStore


def serve(line: socket.socket) -> None:
    """Do what is asked until the server has gone."""
    store: LogStore | None = None
    while (message := asked(line)) is not None:
        if isinstance(message, Begin):
            store = place_at(message.log, file=Path(message.file))
            send(line, Done())
        elif store is not None:
            send(line, _done(store, message))


def _done(store: LogStore, message: Asked) -> Answered:
    try:
        match message:
            case Write():
                group = Group(message.decisions, message.outcomes, message.gaps, message.in_force)
                return Done([_sent(answer) for answer in store.write(group)])
            case BeginAnew():
                return Done(words=store.begin_anew())
            case Close():
                store.close()
            case End():
                store.end(all_written=message.all_written)
            case Begin():
                pass
    except Exception as error:  # the server decides what is to be done about it
        return Failed(store.fault(error), str(error) or repr(error))
    return Done()


def _sent(answer: Answer) -> SentAnswer:
    if isinstance(answer, ServingError):
        return SentAnswer(type(answer).__name__, answer.fact, answer.fix)
    return SentAnswer(answer.value)


def main() -> None:
    """Serve the socket whose number is given."""
    # The server asks for the end in its own time: a signal to all its processes is not for this.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # A server that was killed resets the connection: it has gone, as if it had closed it.
    with socket.socket(fileno=int(sys.argv[1])) as line, suppress(ConnectionError):
        serve(line)


if __name__ == "__main__":
    main()
