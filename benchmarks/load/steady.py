"""An open loop: requests leave at their times whether or not earlier ones were answered.

A request's latency runs from the instant at which it was due, so that a stall counts against every
request that it held up (no coordinated omission). One thread waits in `select`, whose timeout is
finer than the millisecond of an event loop.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, cycle, takewhile

from benchmarks.load.processes import LOOPBACK

_PATIENCE_SECONDS, _ANSWER_SECONDS = 10.0, 0.05
_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: which connection brought it, when it was due and came (seconds of
    `time.perf_counter`), its status (0: the connection broke) and its body.
    """

    connection: int
    due: float
    sent: float
    came: float
    status: int
    body: bytes

    @property
    def milliseconds(self) -> float:
        """From when it was due until it came."""
        return (self.came - self.due) * 1e3


@dataclass
class _Line:
    """One connection: it carries one request at a time."""

    number: int
    socket: socket.socket
    due: float = 0.0
    sent: float = 0.0
    received: bytearray = field(default_factory=bytearray)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed; NaN for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def times_of_arrival(a_second: float, *, even: bool, seed: int) -> Iterator[float]:
    """Yield seconds from the start: evenly spaced, or at random as calls come in (Poisson)."""
    draw, at = random.Random(seed), 0.0
    while True:
        yield at
        at += 1 / a_second if even else draw.expovariate(a_second)


def steady(
    port: int,
    bodies: Sequence[bytes],
    *,
    a_second: float,
    seconds: float,
    take: Callable[[Answer], None],
    connections: int = 64,
    even: bool = False,
    seed: int = 1,
    path: str = "/v1/decisions",
) -> int:
    """Send `a_second` requests a second for `seconds`; give each answer to `take`.

    Returns how many were due. A connection that breaks is opened again.
    """
    requests = [_request(port, path, body) for body in bodies]
    arrivals = times_of_arrival(a_second, even=even, seed=seed)
    loop = _OpenLoop(port, requests, connections=connections, take=take)
    try:
        return loop.run(takewhile(lambda at: at < seconds, arrivals))
    finally:
        loop.close()


class _OpenLoop:
    """A number of connections; what is due while all are busy waits, and its latency grows."""

    def __init__(
        self,
        port: int,
        requests: Sequence[bytes],
        *,
        connections: int,
        take: Callable[[Answer], None],
    ) -> None:
        self._port = port
        self._requests = cycle(requests)
        self._take = take
        self._numbers = count()
        self._lines: dict[socket.socket, _Line] = {}
        self._free: deque[_Line] = deque()
        self._waiting: deque[float] = deque()
        for _ in range(connections):
            self._open()

    def run(self, arrivals: Iterator[float]) -> int:
        """Send a request at each of these seconds from now; return how many were due."""
        start, due = time.perf_counter(), 0
        coming, last = next(arrivals, None), start
        while coming is not None or self._waiting or len(self._free) < len(self._lines):
            while coming is not None and start + coming <= time.perf_counter():
                last = start + coming
                self._waiting.append(last)
                due += 1
                coming = next(arrivals, None)
            while self._waiting and self._free:
                self._send(self._waiting.popleft())
            until = last + _PATIENCE_SECONDS if coming is None else start + coming
            pause = until - time.perf_counter()
            if pause < 0 and coming is None:
                break  # what is still open was not answered
            if self._waiting:  # for a connection: turning in circles would take the server's time
                pause = _ANSWER_SECONDS
            for ready in select.select(list(self._lines), [], [], max(pause, 0.0))[0]:
                self._receive(self._lines[ready])
        return due

    def close(self) -> None:
        """Close every connection."""
        for one in self._lines:
            one.close()

    def _open(self) -> None:
        opened = socket.create_connection((LOOPBACK, self._port), timeout=_PATIENCE_SECONDS)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = _Line(next(self._numbers), opened)
        self._lines[opened] = line
        self._free.append(line)

    def _send(self, due: float) -> None:
        line = self._free.popleft()
        line.due, line.sent = due, time.perf_counter()
        line.received.clear()
        with suppress(OSError):  # `select` then says it can be read, and reading that it is broken
            line.socket.sendall(next(self._requests))

    def _receive(self, line: _Line) -> None:
        try:
            part = line.socket.recv(65_536)
        except OSError:
            part = b""
        line.received += part
        found = _whole(line.received) if part else (0, b"")
        if found is None:
            return
        self._take(Answer(line.number, line.due, line.sent, time.perf_counter(), *found))
        if part:
            self._free.append(line)
        else:
            del self._lines[line.socket]
            line.socket.close()
            self._open()


def _whole(received: bytearray) -> tuple[int, bytes] | None:
    """Return the status and body of an answer, or None while some of it is missing."""
    end = received.find(_HEAD_END)
    if end < 0:
        return None
    head, body = bytes(received[:end]).lower(), received[end + len(_HEAD_END) :]
    length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
    return (int(head.split()[1]), bytes(body)) if len(body) >= length else None


def _request(port: int, path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {LOOPBACK}:{port}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
