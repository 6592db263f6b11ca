"""Connections that must say what they want in time and in few words: none keeps others out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sized
from typing import Any, ClassVar

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A body may take the ten seconds of serving.bodies; nothing may take longer than this.
REQUEST_SECONDS = 15.0
# Headers of a browser with cookies are 4 KiB; what is larger is a mistake.
HEADER_BYTES = 32 * 1024
# Of connections that have not yet sent a whole request; the oldest one makes room for the next.
MOST_WAITING = 1_024
# What is parsed in one go: some hundreds of the smallest requests. Then others have their turn.
PIECE_BYTES = 8 * 1024

# An answer must be fetched within so many times that.
_FETCHED_WITHIN = 4

_END_OF_HEADERS = b"\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


class _InTurn(FlowControl):
    """Reads on when nothing that was read waits for an answer before its own.

    uvicorn reads on at each answer: who sends many requests at once would fill the memory.
    """

    def __init__(self, transport: asyncio.Transport, *in_line: Sized) -> None:
        super().__init__(transport)
        self._in_line = in_line

    def resume_reading(self) -> None:
        if not any(self._in_line):
            super().resume_reading()


class PatientProtocol(HttpToolsProtocol):
    """One connection; `asking_since` is when the request under way began (None: there is none).

    A connection waits from its first moment until its first whole request, and again while a later
    one comes in pieces.
    """

    request_seconds: ClassVar[float] = REQUEST_SECONDS
    most_waiting: ClassVar[int] = MOST_WAITING
    waiting: ClassVar[dict[PatientProtocol, None]] = {}  # oldest first
    _swept_in: ClassVar[asyncio.AbstractEventLoop | None] = None

    asking_since: float | None = None
    _asked_bytes = 0
    _waits = False
    _unread_since: float | None = None
    _later: deque[bytes]  # what was read behind requests that are not answered yet

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait; where too many do, the one that waits longest goes."""
        super().connection_made(transport)
        self._later = deque()
        self.flow = _InTurn(transport, self.pipeline, self._later)
        cls = type(self)
        self.asking_since = self.loop.time()
        self._wait()
        if cls._swept_in is not self.loop:
            cls._swept_in = self.loop
            self.loop.call_later(cls.request_seconds / 10, cls._sweep, self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        type(self).waiting.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what was sent, unless its headers have no end in sight."""
        if len(data) > HEADER_BYTES and self._endless(data):
            self._end(_TOO_LARGE)
        elif len(data) <= PIECE_BYTES and not self._later:
            self._take(data)
        else:
            starts = range(0, len(data), PIECE_BYTES)
            self._later.extend(data[at : at + PIECE_BYTES] for at in starts)
            self._take_later()

    def on_response_complete(self) -> None:
        """Begin what is asked next, and go on with what was read behind it."""
        HttpToolsProtocol.on_response_complete(self)
        if self._later:
            self._take_later()

    def _take_later(self) -> None:
        """Take what was read piece by piece, until a request waits for the one before it."""
        while self._later and not self.pipeline and self._ours():
            self._take(self._later.popleft())

    def _take(self, data: bytes) -> None:
        HttpToolsProtocol.data_received(self, data)
        if self.asking_since is not None:  # the request is not whole yet
            self._asked_bytes += len(data)
            if self._asked_bytes > HEADER_BYTES and not self._in_body():
                self._end(_TOO_LARGE)
            elif not self._waits and not self.transport.is_closing():
                self._wait()
        elif self.timeout_keep_alive_task is None and self._idle():
            # What came was no request, such as a body whose answer was given before it: uvicorn
            # has stopped its timer, and would let the connection be for ever.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        """Note when a request begins."""
        HttpToolsProtocol.on_message_begin(self)
        self.asking_since = self.loop.time()
        self._asked_bytes = 0

    def on_message_complete(self) -> None:
        """Note that a request is whole."""
        HttpToolsProtocol.on_message_complete(self)
        self._whole()

    def _should_upgrade(self) -> bool:
        """Return False: a connection that spoke another protocol would have all the time there is.

        Who asks for one is answered in ours, as the standard has it (RFC 9110, section 7.8).
        """
        return False

    def _unsupported_upgrade_warning(self) -> None:
        """Let the connection end with the answer: what follows may be another protocol's.

        Nothing is said of it: whoever asks might fill the log.
        """
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def _idle(self) -> bool:
        """Return whether all that was asked is answered."""
        cycle = self.cycle
        return (cycle is None or cycle.response_complete) and self._ours()

    def _ours(self) -> bool:
        """Return whether the connection is open on our side too."""
        return not self.transport.is_closing() and self in self.connections

    def _whole(self) -> None:
        """Wait no more for the rest of a request."""
        self.asking_since = None
        if self._waits:
            self._waits = False
            type(self).waiting.pop(self, None)

    def _wait(self) -> None:
        cls = type(self)
        self._waits = True
        cls.waiting[self] = None
        if len(cls.waiting) > cls.most_waiting:
            next(iter(cls.waiting))._end(b"")

    def _endless(self, data: bytes) -> bool:
        """Return whether a large piece is headers whose end does not come in time."""
        return not self._in_body() and data.find(_END_OF_HEADERS, 0, HEADER_BYTES) < 0

    def _in_body(self) -> bool:
        """Return whether the headers of the request under way are whole."""
        scope: Any = self.scope
        return self.asking_since is not None and scope is not None and "method" in scope

    def _unread(self, now: float) -> bool:
        """Return whether an answer lies here for too long, and somebody does not fetch it."""
        if self.transport.get_write_buffer_size() == 0:
            self._unread_since = None
        elif self._unread_since is None:
            self._unread_since = now
        since = self._unread_since
        return since is not None and now - since > _FETCHED_WITHIN * self.request_seconds

    def _end(self, answer: bytes) -> None:
        type(self).waiting.pop(self, None)
        if not self.transport.is_closing():
            if answer and (self.cycle is None or self.cycle.response_complete):
                self.transport.write(answer)
            self.transport.close()

    @classmethod
    def _sweep(cls, any_one: PatientProtocol) -> None:
        """End what takes too long, ten times in that time, as long as there are connections."""
        connections = [one for one in any_one.connections if isinstance(one, cls)]
        if not connections:
            cls._swept_in = None
            return
        now = any_one.loop.time()
        for one in connections:
            if one._unread(now):
                one.transport.abort()  # to close it would wait for whoever does not read
            elif one.asking_since is None:
                continue
            elif one.flow.read_paused:
                one.asking_since = now  # it is not read what may long have been sent
            elif now - one.asking_since > cls.request_seconds:
                one._end(_TOO_SLOW)
        any_one.loop.call_later(cls.request_seconds / 10, cls._sweep, any_one)
