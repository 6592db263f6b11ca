"""What is answered at once is what the usual way answers, and all else goes that way."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn

from serving import examples
from serving.app import Application, build_app
from serving.connections import PatientProtocol
from serving.direct import (
    LONGEST_SECONDS,
    MOST_HEADS,
    MOST_IN_VAIN,
    Deciding,
    Direct,
    DirectProtocol,
    Head,
)
from serving.key_changes import create_key, revoke_key
from serving.key_file import Rate
from serving.settings import Settings
from tests.threaded_server import in_a_thread

PATIENCE_SECONDS = 20.0
CONTACT = {"contact_id": "c-81", "channel": "voice", "from": examples.PHONE}
HOST = b"host: 127.0.0.1\r\n"
_OWN = re.compile(rb"(date|x-request-id): [^\r]*")


@dataclass
class Served:
    """One running server; `at_once` has what the direct way said each time it was asked."""

    port: int
    app: Application
    log: Path
    at_once: list[bytes | None] = field(default_factory=list)


@pytest.fixture
def served(tmp_path: Path, home: Path, publish: Callable[..., str]) -> Callable[..., Any]:
    """Return a context manager that serves the example's home with a protocol."""
    publish()

    @contextmanager
    def _served(
        protocol: type[PatientProtocol] = DirectProtocol, **settings: Any
    ) -> Iterator[Served]:
        own = home
        if protocol is not DirectProtocol:  # another log over the same strategies
            own = tmp_path / protocol.__name__
            own.mkdir()
            (own / "strategies").symlink_to(home / "strategies")
        chosen = Settings(**{"home": own, "hold_back_share": 0.0, **settings})
        app = build_app(chosen, clock=lambda: examples.NOW)
        assert isinstance(app, Application)
        config = uvicorn.Config(
            app, port=0, log_level="error", http=protocol, proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=5, timeout_keep_alive=2,
        )  # fmt: skip
        with in_a_thread(config) as port:
            found = Served(port, app, chosen.log_file)
            _watch(found)
            yield found

    return _served


def _watch(served: Served) -> None:
    decider = served.app.direct.decider
    usual = decider.at_once

    def at_once(headers: dict[str, str], body: bytes) -> bytes | None:
        served.at_once.append(usual(headers, body))
        return served.at_once[-1]

    decider.at_once = at_once  # type: ignore[method-assign, assignment]


class Client:
    """One connection that says bytes and hears answers."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._heard = b""
        self.ended = False

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, data: bytes) -> None:
        self._socket.sendall(data)

    def hear(self) -> bytes:
        """Return the next whole answer; what came where the other side closes."""
        while b"\r\n\r\n" not in self._heard:
            if not self._more():
                return self._rest()
        head, _, _ = self._heard.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: (\d+)", head)
        whole = len(head) + 4 + (int(found.group(1)) if found else 0)
        while len(self._heard) < whole:
            if not self._more():
                return self._rest()
        answer, self._heard = self._heard[:whole], self._heard[whole:]
        return answer

    def hear_for(self, seconds: float) -> bytes:
        """Return all that comes until the other side closes, or is silent for so long."""
        self._socket.settimeout(seconds)
        try:
            while self._more():
                pass
        except TimeoutError:
            pass
        return self._rest()

    def closed(self) -> bool:
        return not self._heard and not self._more()

    def ask(self, data: bytes) -> bytes:
        self.say(data)
        return self.hear()

    def _rest(self) -> bytes:
        rest, self._heard = self._heard, b""
        return rest

    def _more(self) -> bool:
        try:
            part = self._socket.recv(65_536)
        except ConnectionError:
            part = b""
        self._heard += part
        self.ended = not part
        return bool(part)


def request(
    contact: dict[str, Any] | bytes = CONTACT, *, more: bytes = b"", line: bytes = b""
) -> bytes:
    """Return a decision's request as bytes."""
    body = contact if isinstance(contact, bytes) else json.dumps(contact).encode()
    line = line or b"POST /v1/decisions HTTP/1.1\r\n"
    head = line + HOST + b"content-type: application/json\r\n" + more
    return head + b"content-length: %d\r\n\r\n" % len(body) + body


def without_own(answer: bytes) -> bytes:
    """Return an answer without what is its own each time."""
    return _OWN.sub(b"", answer)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_what_is_asked_again_is_answered_at_once_and_the_same(served: Callable[..., Any]) -> None:
    with served() as server, Client(server.port) as client:
        usual = client.ask(request())
        assert server.at_once == []
        direct = client.ask(request())
        assert server.at_once == [direct.partition(b"\r\n\r\n")[2]]
        assert without_own(direct) == without_own(usual)
        assert status(direct) == 200 and b'"source":"strategy"' in direct


def test_another_connection_is_answered_at_once_from_its_first_request_on(
    served: Callable[..., Any],
) -> None:
    with served() as server:
        for wanted in range(4):
            with Client(server.port) as client:
                assert status(client.ask(request())) == 200
            assert len(server.at_once) == wanted


def test_every_answer_is_in_the_log_and_counted(served: Callable[..., Any]) -> None:
    with served() as server, Client(server.port) as client:
        ids = set()
        for number in range(200):  # one in sixty-four is watched
            answer = client.ask(request({**CONTACT, "contact_id": f"c-{100 + number}"}))
            ids.add(json.loads(answer.partition(b"\r\n\r\n")[2])["decision_id"])
        assert None not in server.at_once and len(server.at_once) == 199
        client.say(b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n")
        figures = client.hear().decode()
    assert 'callworth_decisions_total{source="strategy"} 200.0' in figures
    assert 'callworth_stage_seconds_count{stage="look_up"} 3.0' in figures
    with sqlite3.connect(server.log) as log:
        rows = log.execute("SELECT decision_id, request, stages FROM decisions").fetchall()
    assert {row[0] for row in rows} == ids and len(rows) == len(ids) == 200
    assert sum(row[2] is not None for row in rows) == 3


@pytest.mark.parametrize(
    ("contact", "wanted"),
    [
        ({**CONTACT, "durable": True}, 200),
        ({**CONTACT, "channel": "smoke"}, 422),
        ({**CONTACT, "unknown": 1}, 422),
        (b'{"contact_id": "c-81", "channel"', 400),
        (b"", 400),
        (b"\xff\xfe", 400),
    ],
)
def test_what_takes_more_than_an_answer_goes_the_usual_way(
    served: Callable[..., Any], contact: dict[str, Any] | bytes, wanted: int
) -> None:
    with (
        served() as server,
        served(PatientProtocol) as patient,
        Client(server.port) as client,
        Client(patient.port) as other,
    ):
        client.ask(request(contact))  # its head is known from here on
        direct, usual = client.ask(request(contact)), other.ask(request(contact))
        assert server.at_once == [None]
        assert status(direct) == wanted
        assert without_own(direct) == without_own(usual)
        assert status(client.ask(request())) == 200, "the connection goes on"


def test_a_key_is_asked_for_each_time(served: Callable[..., Any], home: Path) -> None:
    secret = create_key(home, name="pbx", role="router")
    asked = request(more=b"x-api-key: %b\r\n" % secret.encode())
    with served() as server, Client(server.port) as client:
        assert [status(client.ask(asked)) for _ in range(3)] == [200] * 3
        assert None not in server.at_once and len(server.at_once) == 2
        revoke_key(home / "keys.toml", name="pbx", now=datetime.now(UTC))
        answers = _until(lambda: client.ask(asked), wanted=401)
        assert server.at_once[-1] is None and status(answers) == 401


def test_who_may_not_ask_leaves_no_head_behind(served: Callable[..., Any], home: Path) -> None:
    create_key(home, name="pbx", role="router")
    with served() as server, Client(server.port) as client:
        for number in range(3):
            said = client.ask(request(more=b"x-api-key: guess-%d\r\n" % number))
            assert status(said) == 401
        assert server.app.direct.heads == {}


def test_a_key_that_asks_too_fast_still_gets_a_route(
    served: Callable[..., Any], home: Path
) -> None:
    secret = create_key(home, name="pbx", role="router", rate=Rate(0.01, 3.0))
    asked = request(more=b"x-api-key: %b\r\n" % secret.encode())
    with served() as server, Client(server.port) as client:
        answers = [client.ask(asked) for _ in range(5)]
        assert [b'"source":"strategy"' in one for one in answers] == [True] * 3 + [False] * 2
        assert [status(one) for one in answers] == [200] * 5
        assert None not in server.at_once and len(server.at_once) == 4


def test_while_the_log_is_full_the_usual_way_says_so(served: Callable[..., Any]) -> None:
    with served() as server, Client(server.port) as client:
        client.ask(request())
        server.app.state.parts.log._length = 0
        assert b"callworth-logged: no" in client.ask(request())
        assert server.at_once == [None]


def test_what_breaks_is_answered_the_usual_way(
    served: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bytes:
        raise RuntimeError("broken")

    with served() as server, Client(server.port) as client:
        client.ask(request())
        server.app.direct.decider.at_once = broken  # type: ignore[method-assign]
        assert status(client.ask(request())) == 200
        assert status(client.ask(request())) == 200
    assert caplog.messages.count("a request goes the usual way") == 2


def test_what_cannot_be_counted_is_answered_and_logged_once(served: Callable[..., Any]) -> None:
    def broken(*_: object) -> None:
        raise OSError("no space left on device")

    with served() as server, Client(server.port) as client:
        client.ask(request({**CONTACT, "contact_id": "c-10"}))
        server.app.state.parts.metrics.tally.add = broken
        head = b"x-usual: yes\r\n"
        answers = [client.ask(request({**CONTACT, "contact_id": "c-11"}))]
        answers.append(client.ask(request({**CONTACT, "contact_id": "c-12"}, more=head)))
        assert [status(one) for one in answers] == [200, 200] and len(server.at_once) == 1
    with sqlite3.connect(server.log) as log:
        rows = log.execute("SELECT contact_id FROM decisions ORDER BY rowid").fetchall()
    assert [row[0] for row in rows] == ["c-10", "c-11", "c-12"]


def test_several_requests_in_one_piece_are_answered_in_order(served: Callable[..., Any]) -> None:
    with served() as server, Client(server.port) as client:
        client.ask(request())
        ids = [f"c-{100 + number}" for number in range(5)]
        client.say(b"".join(request({**CONTACT, "contact_id": one}) for one in ids))
        assert [_contact(client.hear()) for _ in ids] == ids


def test_what_follows_an_answer_comes_behind_it(served: Callable[..., Any]) -> None:
    with served() as server, Client(server.port) as client:
        client.ask(request())
        client.say(request())
        client.say(b"NONSENSE\r\n\r\n")
        assert status(client.hear()) == 200
        assert status(client.hear()) == 400
        assert client.closed()


def _contact(answer: bytes) -> str:
    found: str = json.loads(answer.partition(b"\r\n\r\n")[2])["contact_id"]
    return found


@pytest.mark.parametrize(
    "asked",
    [
        request(more=b"connection: close\r\n"),
        request(line=b"POST /v1/decisions HTTP/1.0\r\n"),
        request(line=b"POST /v1/decisions?x=1 HTTP/1.1\r\n"),
        request(more=b"expect: 100-continue\r\n"),
        request(more=b"connection: upgrade\r\nupgrade: h2c\r\n"),
        request(more=b"content-encoding: gzip\r\n"),
        request(more=b"x-forwarded-for: 10.0.0.1\r\n"),
        request(more=b"x-long: " + b"x" * 4_000 + b"\r\n"),
        request().replace(b"application/json", b"text/plain"),
        request().replace(HOST, b"host: elsewhere\r\n"),
        request().replace(b"content-length", b"transfer-encoding: chunked\r\nx-length"),
        request()[:-1],
        request() + b"x",
    ],
)
def test_a_head_out_of_the_usual_is_not_learnt(served: Callable[..., Any], asked: bytes) -> None:
    with served() as server:
        with Client(server.port) as client:
            client.ask(request({**CONTACT, "contact_id": "another"}))
            client.say(asked)
            client.say(b"")
            client.hear_for(0.2)
        assert len(server.app.direct.heads) == 1 and server.at_once == []


def test_a_connection_that_begins_by_asking_for_another_protocol_teaches_nothing(
    served: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    with served() as server:
        with Client(server.port) as client:
            said = client.ask(request(more=b"connection: upgrade\r\nupgrade: websocket\r\n"))
            assert status(said) in (200, 400)
        assert server.app.direct.heads == {}
    assert "Fatal error" not in caplog.text


def test_a_body_of_another_length_than_its_head_says_goes_the_usual_way(
    served: Callable[..., Any],
) -> None:
    whole = request()
    with served() as server, Client(server.port) as client:
        client.ask(whole)
        client.say(whole[:-5])
        time.sleep(0.1)
        assert status(client.ask(whole[-5:])) == 200
        assert server.at_once == []
        client.say(whole + whole[:40])
        assert status(client.hear()) == 200
        assert status(client.ask(whole[40:])) == 200
        assert server.at_once == []
        assert status(client.ask(whole)) == 200
        assert len(server.at_once) == 1


def test_heads_that_never_come_again_are_learnt_no_more(served: Callable[..., Any]) -> None:
    with served() as server, Client(server.port) as client:
        for number in range(MOST_IN_VAIN + 10):
            assert status(client.ask(request(more=b"traceparent: %032d\r\n" % number))) == 200
        assert len(server.app.direct.heads) == MOST_IN_VAIN and server.at_once == []


def test_there_is_an_end_to_the_heads_that_are_known() -> None:
    direct = Direct(cast(Deciding, None))
    for number in range(3 * MOST_HEADS + 1):
        direct.learn(b"%d" % number, Head({}, 1))
        assert len(direct.heads) <= MOST_HEADS
    assert b"%d" % (3 * MOST_HEADS) in direct.heads


def test_a_connection_that_is_used_stays_and_one_that_is_not_goes(
    served: Callable[..., Any],
) -> None:
    with served() as server, Client(server.port) as client:
        client.ask(request())
        until = time.monotonic() + 4.5  # over twice the server's patience
        while time.monotonic() < until:
            assert status(client.ask(request())) == 200
            time.sleep(0.3)
        assert None not in server.at_once
        assert client.closed()


def test_answers_in_hand_are_given_before_the_end() -> None:
    direct, transport = Direct(cast(Deciding, None)), Written()
    loop = asyncio.new_event_loop()
    try:
        direct.write_soon(b"one", cast(asyncio.Transport, transport), loop=loop)
        direct.write_soon(b"two", cast(asyncio.Transport, transport), loop=loop)
        direct.write()
        assert transport.written == [b"one", b"two"]
        loop.call_soon(loop.stop)
        loop.run_forever()
        assert transport.written == [b"one", b"two"], "each is written once"
        direct.write_soon(b"three", cast(asyncio.Transport, transport), loop=loop)
        transport.closing = True
        direct.write()
        assert transport.written == [b"one", b"two"], "who has gone is written nothing"
    finally:
        loop.close()


def test_an_answer_does_not_wait_long_for_those_behind_it() -> None:
    direct, transport = Direct(cast(Deciding, None)), Written()
    loop = asyncio.new_event_loop()
    try:
        for answer in (b"one", b"two"):
            direct.write_soon(answer, cast(asyncio.Transport, transport), loop=loop)
            time.sleep(2 * LONGEST_SECONDS)
        assert transport.written == [b"one", b"two"]
        direct.write_soon(b"three", cast(asyncio.Transport, transport), loop=loop)
        loop.call_soon(loop.stop)
        loop.run_forever()
        assert transport.written == [b"one", b"two", b"three"]
    finally:
        loop.close()


@dataclass
class Written:
    """A transport that remembers."""

    written: list[bytes] = field(default_factory=list)
    closing: bool = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def is_closing(self) -> bool:
        return self.closing


@pytest.mark.parametrize("seed", range(3))
def test_whatever_bytes_come_the_answers_are_those_of_the_usual_way(
    served: Callable[..., Any], seed: int
) -> None:
    draw = random.Random(seed)
    last = request(more=b"connection: close\r\n")
    with served() as server, served(PatientProtocol) as patient:
        for _ in range(60):
            asked = mutated(draw)
            ports = (server.port, patient.port)
            heard = [said_to(port, asked, last, seconds=0.4) for port in ports]
            if heard[0] != heard[1] and not all(closed for _, closed in heard):
                # A machine that is busy may be silent for longer than that.
                heard = [said_to(port, asked, last, seconds=5.0) for port in ports]
            assert heard[0] == heard[1], asked
        assert len(server.at_once) > 10, "the direct way had its share"


def said_to(port: int, *asked: bytes, seconds: float) -> tuple[bytes, bool]:
    """Return what a connection hears behind its first answer, and whether it was closed then."""
    with Client(port) as client:
        client.ask(request())
        for one in asked:
            client.say(one)
        said = without_own(client.hear_for(seconds))
        return said, client.ended


def mutated(draw: random.Random) -> bytes:
    """Return a request as it is, or with some of its bytes changed, doubled or left out."""
    whole = request({**CONTACT, "contact_id": f"c-{draw.randrange(10, 100)}"})
    if draw.random() < 0.2:
        return whole
    at = draw.randrange(len(whole))
    end = min(len(whole), at + draw.randrange(1, 12))
    put = draw.choice(
        [b"", whole[at:end] * 2, bytes(draw.randrange(256) for _ in range(end - at)), b"\r\n",
         b"9", b"0", b" ", b'"', whole[:50]]
    )  # fmt: skip
    return whole[:at] + put + whole[end:]


def _until(ask: Callable[[], bytes], *, wanted: int) -> bytes:
    """Ask until the answer has this status; the last answer where it never has."""
    until = time.monotonic() + PATIENCE_SECONDS
    while status(answer := ask()) != wanted and time.monotonic() < until:
        time.sleep(0.1)
    return answer
