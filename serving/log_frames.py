"""What a server and the process that writes its log say to each other: frames over a socket."""

from __future__ import annotations

import socket
import struct

import msgspec

from serving.log_entry import Gap, LoggedDecision, LoggedOutcome
from serving.log_store import Fault

_LENGTH = struct.Struct(">I")


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Where the log lies: the file, or an address that takes its place."""

    file: str
    log: str | None


class Write(msgspec.Struct, frozen=True, tag=True):
    """A group to be written in one commit."""

    decisions: list[LoggedDecision]
    outcomes: list[LoggedOutcome]
    gaps: list[Gap]
    in_force: dict[str, bytes]


class BeginAnew(msgspec.Struct, frozen=True, tag=True):
    """Put aside what is damaged."""


class Close(msgspec.Struct, frozen=True, tag=True):
    """Let go of the log until the next group."""


class End(msgspec.Struct, frozen=True, tag=True):
    """Let go of the log for good."""

    all_written: bool


class SentAnswer(msgspec.Struct, frozen=True):
    """What became of an outcome: a word of Stored, or the name of an error with its words."""

    kind: str
    fact: str = ""
    fix: str = ""


class Done(msgspec.Struct, frozen=True, tag=True):
    """It was done; `words` say what became of a damaged log."""

    answers: list[SentAnswer] = []
    words: str = ""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """It went wrong: what the error says about what to do next, and its words."""

    fault: Fault
    words: str


Asked = Begin | Write | BeginAnew | Close | End
Answered = Done | Failed

_encode = msgspec.msgpack.Encoder().encode
_decode_asked = msgspec.msgpack.Decoder(Asked).decode
_decode_answered = msgspec.msgpack.Decoder(Answered).decode


def send(line: socket.socket, message: Asked | Answered) -> None:
    """Send one message; OSError where nobody is there any more."""
    body = _encode(message)
    line.sendall(_LENGTH.pack(len(body)) + body)


def asked(line: socket.socket) -> Asked | None:
    """Return what is asked next, None when the server has gone."""
    body = _received(line)
    return None if body is None else _decode_asked(body)


def answered(line: socket.socket) -> Answered | None:
    """Return the answer, None when the writing process has gone."""
    body = _received(line)
    return None if body is None else _decode_answered(body)


def _received(line: socket.socket) -> bytes | None:
    head = _exactly(line, _LENGTH.size)
    return None if head is None else _exactly(line, _LENGTH.unpack(head)[0])


def _exactly(line: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = line.recv(min(count - len(parts), 1 << 20))
        if not part:
            return None
        parts += part
    return bytes(parts)
