"""Decisions answered as their bytes arrive, where a router's request is as one before it was.

A router sends the same headers again and again. What the parser has read once is known by its bytes
later, and the body behind them is answered at once: without parser, task and messages to and fro.
All else, and all that takes more than an answer, goes the usual way through the application.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from serving.bodies import check_headers, headers_of
from serving.connections import PatientProtocol
from serving.decisions import DECIDE, JSON_TYPE
from serving.problems import ProblemError
from serving.security_headers import READY_MADE

_log = logging.getLogger("callworth.serving")

MOST_HEADS = 512
# A router's own headers take some 200 bytes; with a key and what a proxy adds, some more.
MOST_HEAD_BYTES = 2_048
# Heads learnt in a row on one connection, none of which came again: each is as no other.
MOST_IN_VAIN = 32
# How long an answer waits for those behind it: a hundred look-ups, or a few live scores.
LONGEST_SECONDS = 0.005
_LINE = f"{DECIDE.method} {DECIDE.path} HTTP/1.1\r\n".encode()
_END = b"\r\n\r\n"
# What stands behind the length of an answer.
_LAST_LINES = b"\r\n" + b"".join(b"%b: %b\r\n" % header for header in READY_MADE) + b"\r\n"


class Deciding(Protocol):
    """What answers a decision whose request is whole."""

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Return whether who sends these headers may ask for decisions."""
        ...

    def at_once(self, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """Return the answer, or None where the usual way must answer; then nothing was done."""
        ...


class Head(msgspec.Struct, frozen=True, gc=False):
    """What stands before a body: the headers that are looked at, and the body's length."""

    headers: dict[str, str]
    length: int


class Direct:
    """What the connections of one application share: the heads known, and answers to be written.

    Answers are written together when all that has arrived is answered. A client that sleeps is
    woken by each answer written; to be woken takes longer than to be answered.
    """

    def __init__(self, decider: Deciding) -> None:
        self.decider = decider
        self.heads: dict[bytes, Head] = {}
        self._answers: list[tuple[asyncio.Transport, bytes]] = []
        self._since = 0.0
        self._lines: tuple[Any, bytes] = (None, b"")

    def learn(self, head: bytes, known: Head) -> None:
        """Remember a head; where there is no room, all are learnt anew."""
        if len(self.heads) >= MOST_HEADS:
            self.heads.clear()
        self.heads[head] = known

    def answer(self, known: Head, body: bytes) -> bytes | None:
        """Return the answer to a request, or None where the usual way must answer."""
        try:
            return self.decider.at_once(known.headers, body)
        except Exception as error:  # else the connection would break and nobody answer
            _log.error("a request goes the usual way", exc_info=error)
            return None

    def write_soon(
        self, answer: bytes, transport: asyncio.Transport, *, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Write what is ready to be sent, together with the other answers of this turn."""
        if not self._answers:
            loop.call_soon(self.write)
            self._since = time.perf_counter()
        self._answers.append((transport, answer))
        if time.perf_counter() - self._since > LONGEST_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the answers that wait, in the order in which they were asked for."""
        answers, self._answers = self._answers, []
        for transport, answer in answers:
            if not transport.is_closing():  # else whoever asked has gone
                transport.write(answer)

    def lines(self, usual: list[tuple[bytes, bytes]]) -> bytes:
        """Return an answer's first lines up to its length; `usual` are the server's headers."""
        if usual is not self._lines[0]:  # the server makes them anew each second, with the date
            headers = (*usual, JSON_TYPE)
            text = STATUS_LINE[200] + b"".join(b"%b: %b\r\n" % header for header in headers)
            self._lines = (usual, text + b"content-length: ")
        return self._lines[1]


class DirectProtocol(PatientProtocol):
    """One connection; what it asks is answered at once where that is possible."""

    _direct: Direct | None = None
    _answered = False
    _in_vain = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._direct = getattr(self.app, "direct", None)

    def data_received(self, data: bytes) -> None:
        """Answer a decision at once, or let the parser read what was sent."""
        direct = self._direct
        if direct is None or not data.startswith(_LINE) or not self._at_beginning():
            self._read(data)
            return
        begins = data.find(_END) + len(_END)
        head, body = data[:begins], data[begins:]
        known = direct.heads.get(head)
        answer = None
        if known is not None and known.length == len(body):
            answer = direct.answer(known, body)
        if answer is None:
            self._read(data)
            if known is None:
                self._learn(head, body)
            return
        self._say(answer, direct)

    def _say(self, answer: bytes, direct: Direct) -> None:
        lines = direct.lines(self.server_state.default_headers)
        whole = b"".join((lines, b"%d" % len(answer), _LAST_LINES, answer))
        direct.write_soon(whole, self.transport, loop=self.loop)
        self.server_state.total_requests += 1
        self._answered, self._in_vain = True, 0
        if self.asking_since is not None:  # the connection's first request
            self._whole()
            self.timeout_keep_alive_handler()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, unless something was answered at once since the last look."""
        if self._answered:
            self._answered = False
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """Give the answers in hand, then close as usual."""
        if self._direct is not None:
            self._direct.write()
        super().shutdown()

    def _at_beginning(self) -> bool:
        """Return whether nothing is under way: what comes is a request's beginning."""
        cycle = self.cycle
        if self.asking_since is not None:
            begins = cycle is None and not self._asked_bytes  # the connection's very first bytes
        else:
            begins = cycle is None or cycle.response_complete
        return begins and not self.flow.write_paused and not self.transport.is_closing()

    def _read(self, data: bytes) -> None:
        """Go the usual way, behind the answers that wait to be written."""
        if self._direct is not None:
            self._direct.write()
        super().data_received(data)

    def _learn(self, head: bytes, body: bytes) -> None:
        """Remember a head of which the parser has just read that it is nothing out of the usual."""
        direct, cycle = self._direct, self.cycle
        assert direct is not None  # else there is nothing to learn for
        if (
            len(head) > MOST_HEAD_BYTES
            or self._in_vain >= MOST_IN_VAIN
            or self.asking_since is not None
            or self.transport.is_closing()
            or cycle.more_body
            or cycle.body != body
            or not cycle.keep_alive
            or self.expect_100_continue
            or self.parser.should_upgrade()
            or any(name == b"transfer-encoding" for name, _ in self.headers)
        ):
            return
        headers = headers_of(self.scope)  # type: ignore[arg-type]  # uvicorn's own kind of scope
        try:
            check_headers(headers)
        except ProblemError:
            return
        if headers.get("content-length") == str(len(body)) and direct.decider.admits(headers):
            self._in_vain += 1
            direct.learn(head, Head(headers, len(body)))
