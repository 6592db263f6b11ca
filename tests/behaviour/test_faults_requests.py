"""Whatever others send, a server answers each well-formed contact, and never with a 5xx."""

from __future__ import annotations

import http.client
import json
import random
import resource
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.behaviour.described import ODD, Drawing
from tests.behaviour.load import check_answered, strategies, under_load, wait_for_more
from tests.behaviour.running_server import Running, promote, publish, running_server

DECISIONS = "/v1/decisions"
JSON = {"content-type": "application/json"}
SOUND = b'{"contact_id": "raw", "channel": "voice"}'


@pytest.fixture(scope="module")
def served(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("requests") / "home"
    publish(home)
    promote(home, "18")
    with running_server(root, home) as server:
        yield server


class Sender:
    """Sends requests over a connection that is opened again where the server has closed it."""

    def __init__(self, port: int) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def close(self) -> None:
        """Close the connection."""
        self._line.close()

    def send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """Return the status and the body of the answer."""
        for last in (False, True):
            try:
                self._line.request(method, path, body, headers)
                found = self._line.getresponse()
                return found.status, found.read()
            except (OSError, http.client.HTTPException):
                self._line.close()
                if last:
                    raise
        raise AssertionError


def encoded(value: Any, draw: random.Random) -> bytes:
    """Return JSON, now and then cut, bitten, not UTF-8, or nested without end."""
    body = json.dumps(value, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    harm = draw.random()
    at = draw.randrange(max(1, len(body)))
    if harm < 0.1:
        return body[:at]
    if harm < 0.2:
        return body[:at] + draw.randbytes(3) + body[at:]
    if harm < 0.22:
        return b"[" * 30_000 + b"]" * 30_000
    if harm < 0.25:
        return draw.choice((b"NaN", b"-Infinity", b"1e999999", b"9" * 5_000, b"\xff\xfe", b""))
    return body


def ask_as_described(server: Running, sender: Sender, *, requests: int, seed: int) -> Counter[str]:
    """Send requests drawn from the server's own document; count what became of them."""
    document, draw, counts = server.get("/openapi.json"), random.Random(seed), Counter[str]()
    drawing = Drawing(document, draw)
    operations = [
        (method.upper(), path, one)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    ]
    # Half of all go where routers ask.
    asked = [one for one in operations if one[1] == DECISIONS] * len(operations) + operations
    for _ in range(requests):
        method, path, operation = draw.choice(asked)
        fits, body = draw.random() < 0.4, None
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]
            schema = next(iter(content.values()))["schema"]
            value = drawing.fitting(schema) if fits else drawing.odd(schema)
            body = json.dumps(value).encode() if fits else encoded(value, draw)
        for one in operation.get("parameters", ()):
            value = one["example"] if fits else str(draw.choice(ODD))[:200]
            path = path.replace(f"{{{one['name']}}}", quote(value, safe=""))
        status, answer = sender.send(method, path, body, JSON)
        counts[f"{status // 100}xx"] += 1
        told = f"{method} {path} {body!r} got {status}: {answer[:500]!r}"
        assert status < 500, told
        if operation.get("operationId") == document["paths"][DECISIONS]["post"]["operationId"]:
            assert not fits or status == 200, told
            if status == 200:
                counts["routes"] += 1
                assert json.loads(answer)["route"]["queue"], told
    return counts


def check_described(server: Running, *, requests: int, seed: int) -> None:
    with under_load(server.port, routers=1) as answers, closing(Sender(server.port)) as sender:
        counts = ask_as_described(server, sender, requests=requests, seed=seed)
    check_answered(answers)
    assert sum(counts[one] for one in ("2xx", "3xx", "4xx", "5xx")) == requests
    assert counts["routes"] > requests / 10
    assert counts["4xx"] > requests / 10
    assert server.ready()["log"]["dropped"] == 0


def test_a_thousand_requests_drawn_from_the_document_get_no_5xx(served: Running) -> None:
    check_described(served, requests=1_000, seed=1)


@pytest.mark.slow
def test_nine_thousand_more_requests_get_no_5xx(served: Running) -> None:
    check_described(served, requests=9_000, seed=2)


def framed(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    """Return a request for a decision with these headers added."""
    lines = [b"POST /v1/decisions HTTP/1.1", b"host: localhost", b"content-type: application/json"]
    lines += headers or [b"content-length: %d" % (len(body) if length is None else length)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def noise(draw: random.Random) -> bytes:
    """Return bytes that are no HTTP, hardly any, or HTTP that lies."""
    chunked = b"transfer-encoding: chunked"
    sound = framed(SOUND)
    at = draw.randrange(len(sound))
    return draw.choice(
        (
            draw.randbytes(draw.randrange(1, 2_000)),
            b"\x16\x03\x01\x02\x00" + draw.randbytes(500),
            b"GET\r\n\r\n",
            b"POST /v1/decisions HTTP/9.9\r\n\r\n",
            sound[:at] + draw.randbytes(4) + sound[at:],
            sound[:at],
            framed(SOUND, length=-1),
            framed(SOUND, length=2**70),
            framed(SOUND, b"content-length: 5", b"content-length: 7"),
            framed(SOUND, b"content-length: 41", chunked),
            framed(b"zz\r\n" + SOUND, chunked),
            framed(b"ffffffffffffffffff\r\n" + SOUND, chunked),
            framed(b"5\r\n" + SOUND + b"\r\n0\r\n\r\n", chunked),
            framed(b"29\r\n" + SOUND + b"\r\n0\r\n\r\n", chunked),
            framed(SOUND, b"content-length: 41", b"x: " + b"a" * 200_000),
            framed(SOUND, *[b"x-%d: y" % at for at in range(5_000)]),
            framed(SOUND, b"content-length: 41", b"expect: 100-continue"),
            framed(SOUND, b"content-length: 41", b"upgrade: websocket", b"connection: upgrade"),
            framed(SOUND, b"content-length: 41", b"content-encoding: gzip"),
            framed(SOUND.replace(b"raw", b"\xff\xfe\x00")),
            framed(b'{"contact_id": "raw", "channel": "voice", "deadline_ms": 1e400}'),
            sound * 20,
        )
    )  # fmt: skip


def said_to(port: int, sent: bytes) -> list[int]:
    """Send bytes on a connection of their own; return the statuses of what comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        with suppress(OSError):  # it may be closed before all was taken
            raw.sendall(sent)
        raw.settimeout(0.02)  # what is still incomplete gets no answer
        received = b""
        with suppress(OSError):
            while part := raw.recv(65_536):
                received += part
    lines = (b"\n" + received).split(b"\nHTTP/1.1 ")[1:]
    return [int(line[:3]) for line in lines]


def check_noise(server: Running, *, connections: int, seed: int) -> None:
    draw, statuses = random.Random(seed), Counter[int]()
    with under_load(server.port, routers=2) as answers:
        for _ in range(connections):
            statuses.update(said_to(server.port, noise(draw)))
        wait_for_more(answers)
    check_answered(answers)
    assert len(strategies(answers)) == len(answers)
    assert all(status < 500 for status in statuses), statuses
    assert statuses[200] and statuses[400], statuses


def test_raw_noise_on_the_socket_gets_no_5xx_and_harms_nobody(served: Running) -> None:
    check_noise(served, connections=150, seed=3)


@pytest.mark.slow
def test_a_thousand_more_connections_of_noise_harm_nobody(served: Running) -> None:
    check_noise(served, connections=1_000, seed=4)


@contextmanager
def many_open(count: int, port: int) -> Iterator[list[socket.socket]]:
    """Hold so many connections open at the same time."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 500
    if soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            pytest.skip(f"a process may open {hard} files here, and {wanted} are wanted")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        with ExitStack() as opened:
            yield [
                opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                for _ in range(count)
            ]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("half", [b"", framed(SOUND)[:40], framed(SOUND)[:-10]])
def test_two_thousand_half_requests_held_open_keep_nobody_out(served: Running, half: bytes) -> None:
    with many_open(2_000, served.port) as slow:
        for one in slow:
            with suppress(OSError):  # who waits longest may have been sent away
                one.sendall(half)
        with under_load(served.port) as answers:
            for at in range(5):
                for one in slow[at::100]:
                    with suppress(OSError):
                        one.sendall(b"x")
                wait_for_more(answers, 100)
    check_answered(answers)
    assert len(strategies(answers)) == len(answers)


def test_a_body_that_trickles_holds_up_only_itself(served: Running) -> None:
    sent = framed(SOUND)
    with under_load(served.port) as answers, ExitStack() as opened:
        slow = [
            opened.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=60))
            for _ in range(50)
        ]
        for at in range(len(sent)):
            for one in slow:
                one.sendall(sent[at : at + 1])
            time.sleep(0.005)
        statuses = [int(one.recv(65_536)[9:12]) for one in slow]
    assert statuses == [200] * 50
    check_answered(answers)
    assert len(answers) > 50


def test_oversized_bodies_and_headers_are_refused_and_harm_nobody(served: Running) -> None:
    large = b'{"contact_id": "' + b"x" * 5_000_000 + b'", "channel": "voice"}'
    chunk = b"%x\r\n" % len(large) + large + b"\r\n0\r\n\r\n"
    found = Counter[int]()
    with under_load(served.port) as answers:
        for _ in range(10):
            found.update(said_to(served.port, framed(large)))
            found.update(said_to(served.port, framed(large, length=2**40)))
            found.update(said_to(served.port, framed(chunk, b"transfer-encoding: chunked")))
            header = b"x: " + b"a" * 1_000_000
            found.update(said_to(served.port, framed(SOUND, b"content-length: 41", header)))
            path = b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n"
            found.update(said_to(served.port, path))
        wait_for_more(answers)
    check_answered(answers)
    assert set(found) <= {400, 404, 413, 414, 431}, found
