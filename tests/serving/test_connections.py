from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from serving.connections import HEADER_BYTES, PIECE_BYTES, PatientProtocol
from serving.errors import SettingsError
from serving.settings import Settings
from serving.tls import check_tls
from tests.threaded_server import in_a_thread

PATIENCE_SECONDS = 20.0


class Impatient(PatientProtocol):
    """One that tests need not wait long for."""

    request_seconds: ClassVar[float] = 0.5
    most_waiting: ClassVar[int] = 20
    waiting: ClassVar[dict[PatientProtocol, None]] = {}
    most_in_line: ClassVar[int] = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        Impatient.most_in_line = max(Impatient.most_in_line, len(self.pipeline))


async def heard(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


async def large(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("x" * 20_000_000)


async def unread(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("unread")


async def thinking(_request: Request) -> PlainTextResponse:
    await asyncio.sleep(0.4)
    return PlainTextResponse("thought")


@contextmanager
def listening(**options: object) -> Iterator[int]:
    """Run a small application on a free port until the block ends."""
    routes = [
        Route("/", heard, methods=["GET", "POST"]),
        Route("/unread", unread, methods=["POST"]),
        Route("/large", large),
        Route("/thinking", thinking),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), port=0, log_level="error", http=Impatient, **options
    )
    with in_a_thread(config) as port:
        yield port


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)


def ended(connection: socket.socket) -> bytes:
    """Return what is said until the other side closes."""
    said = b""
    try:
        while part := connection.recv(65_536):
            said += part
    except ConnectionResetError:
        pass
    return said


SLOW = {
    "that say nothing": b"",
    "that stop within their headers": b"POST / HTTP/1.1\r\nhost: x\r\nx-one: ",
    "that stop within their body": b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc",
    "whose body nobody reads": b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc",
}


@pytest.mark.parametrize("slow", SLOW)
def test_connections_are_ended(slow: str) -> None:
    with listening() as port, connected(port) as connection:
        connection.sendall(SLOW[slow])
        said = ended(connection)
        assert said.startswith((b"HTTP/1.1 408", b"HTTP/1.1 200")) or "body" in slow


AFTER = {
    "an empty line": (b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"\r\n"),
    "the body of a request that was answered without it": (
        b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n", b"abc",
    ),
}  # fmt: skip


@pytest.mark.parametrize("after", AFTER)
def test_what_comes_behind_an_answer_and_is_no_request_keeps_no_connection(after: str) -> None:
    asked, more = AFTER[after]
    with listening(timeout_keep_alive=1) as port, connected(port) as connection:
        connection.sendall(asked)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        connection.sendall(more)
        ended(connection)  # a TimeoutError where it stays open


def test_a_letter_now_and_then_is_no_request_either() -> None:
    with listening() as port, connected(port) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-one: ")
        until = time.monotonic() + PATIENCE_SECONDS
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() < until:
                connection.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() < until


def test_whoever_waits_longest_makes_room_and_others_are_answered() -> None:
    with listening() as port, ExitStack() as held:
        waiting = [held.enter_context(connected(port)) for _ in range(60)]
        for one in waiting:
            one.sendall(b"GET / HTTP/1.1\r\nx: ")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            assert [client.post("/", content=b"abc").text for _ in range(5)] == ["3"] * 5
        assert ended(waiting[0]) == b""
        assert len(Impatient.waiting) <= Impatient.most_waiting


def test_having_asked_once_keeps_no_connection_that_does_not_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Impatient, "request_seconds", PATIENCE_SECONDS)  # nobody is too slow here
    whole = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    with listening() as port, ExitStack() as held:
        first = held.enter_context(connected(port))
        for one in (first, *(held.enter_context(connected(port)) for _ in range(10))):
            one.sendall(whole)
            assert one.recv(1_000).startswith(b"HTTP/1.1 200")
            one.sendall(whole[:20])
        for _ in range(Impatient.most_waiting):
            held.enter_context(connected(port))
        assert ended(first) == b""
        assert len(Impatient.waiting) <= Impatient.most_waiting


def test_a_connection_that_asks_again_and_again_is_left_alone() -> None:
    with listening() as port, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        until = time.monotonic() + 3 * Impatient.request_seconds
        ports = set()
        while time.monotonic() < until:
            answer = client.post("/", content=b"abc")
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
            time.sleep(0.05)
        assert len(ports) == 1


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_who_asks_for_another_protocol_is_answered_in_ours_and_then_let_go(
    protocol: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = b"connection: upgrade\r\nupgrade: " + protocol + b"\r\nsec-websocket-version: 13\r\n"
    with listening() as port, connected(port) as connection:
        connection.sendall(
            b"POST /unread HTTP/1.1\r\nhost: x\r\n" + wanted + b"content-length: 40\r\n\r\n"
        )
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")  # what a proxy takes for the body
        said = ended(connection)
    assert said.startswith(b"HTTP/1.1 200") and b"connection: close" in said
    assert said.endswith(b"unread") and said.count(b"HTTP/1.1") == 1
    assert caplog.messages == []


def test_who_is_not_read_is_not_too_slow() -> None:
    asked = b"GET /thinking HTTP/1.1\r\nhost: x\r\n\r\n"
    with listening() as port, connected(port) as connection:
        connection.sendall(3 * asked + asked[:20])
        time.sleep(0.1)
        connection.sendall(asked[20:].replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        assert ended(connection).count(b"thought") == 4


def test_of_many_requests_sent_at_once_few_are_in_hand_and_all_are_answered_in_order() -> None:
    lengths = [number % 7 for number in range(6_000)]
    line = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n"
    asked = b"".join(line % length + b"x" * length for length in lengths)
    Impatient.most_in_line = 0
    with listening() as port, connected(port) as connection:
        asking = threading.Thread(target=connection.sendall, args=(asked,), daemon=True)
        asking.start()
        said = b""
        while said.count(b"HTTP/1.1 200") < len(lengths) or not said[-1:].isdigit():
            part = connection.recv(65_536)
            assert part, said[-200:]
            said += part
        asking.join(PATIENCE_SECONDS)
    heard = [int(one.rpartition(b"\r\n\r\n")[2]) for one in said.split(b"HTTP/1.1 200 OK")[1:]]
    assert heard == lengths
    assert 0 < Impatient.most_in_line <= PIECE_BYTES // len(line)


@pytest.mark.parametrize("at_once", [True, False])
def test_headers_without_an_end_are_refused(at_once: bool) -> None:
    head = b"GET / HTTP/1.1\r\nhost: x\r\nx-one: " + b"x" * (2 * HEADER_BYTES)
    with listening() as port, connected(port) as connection:
        try:
            for at in range(0, len(head), len(head) if at_once else 1_000):
                connection.sendall(head[at : at + (len(head) if at_once else 1_000)])
                time.sleep(0.0 if at_once else 0.001)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            assert ended(connection).startswith(b"HTTP/1.1 431")


def test_large_headers_that_end_are_refused_too_and_large_bodies_are_not() -> None:
    with listening() as port:
        with connected(port) as connection:
            lines = b"".join(b"x-%d: %s\r\n" % (at, b"y" * 1_000) for at in range(40))
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n" + lines + b"\r\n")
            assert ended(connection).startswith(b"HTTP/1.1 431")
        with connected(port) as connection:
            body = b"z" * (4 * HEADER_BYTES)
            head = b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            connection.sendall(head % len(body) + body)
            assert ended(connection).endswith(b"%d" % len(body))


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return a certificate for localhost and its key, made now."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def test_a_certificate_and_its_key_are_answered_with(pair: tuple[Path, Path]) -> None:
    import ssl

    certificate, key = pair
    check_tls(certificate, key)
    trusted = ssl.create_default_context(cafile=str(certificate))
    with listening(ssl_certfile=certificate, ssl_keyfile=key) as port:
        answer = httpx.post(f"https://127.0.0.1:{port}/", content=b"abc", verify=trusted)
        assert answer.text == "3"


def test_what_cannot_be_tls_is_refused_before_the_start(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    certificate, key = pair
    other = tmp_path / "other.pem"
    other.write_text("-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----\n")
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", str(key), "-aes256", "-passout", "pass:x", "-out", str(locked)],
        check=True,
        capture_output=True,
    )
    for pair_, named in (
        ((certificate, None), "tls_key"),
        ((None, key), "tls_certificate"),
        ((certificate, tmp_path / "none.pem"), "tls_key"),
        ((certificate, other), "cannot be used"),
        ((key, key), "cannot be used"),
        ((certificate, locked), "cannot be used"),
    ):
        with pytest.raises(SettingsError, match=named):
            check_tls(*pair_)


def test_tls_settings_come_from_the_environment(tmp_path: Path) -> None:
    chosen = Settings(tls_certificate=tmp_path / "c", tls_key=tmp_path / "k")
    assert Settings.from_environment(chosen.as_environment()) == chosen


def test_an_answer_that_nobody_fetches_is_let_go() -> None:
    with listening() as port, connected(port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        time.sleep(6 * Impatient.request_seconds)
        assert len(ended(connection)) < 20_000_000


def test_an_answer_that_is_fetched_slowly_but_in_time_is_whole() -> None:
    with listening() as port, connected(port) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        time.sleep(2 * Impatient.request_seconds)
        assert len(ended(connection)) > 20_000_000
