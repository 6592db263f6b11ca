"""Real calls: sipp, Kamailio and a real server on loopback, with the server well and failing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from examples.sip import programs
from examples.sip.asking import Asker
from examples.sip.bridge import PATIENCE_MS, Bridge
from examples.sip.netstrings import FrameError, frame, read_frame
from examples.sip.run import Fault, run
from examples.sip.world import Pool

absent = programs.missing()
# Where the machine is busy, who was decided for in time must not hang on it.
PATIENT_MS = 3_000
with_sip = pytest.mark.skipif(absent is not None, reason=absent or "")


@with_sip
def test_each_call_goes_to_the_pool_that_was_decided_for_it() -> None:
    # The pools themselves look at X-Route-Queue, and that nothing of the caller's own came through.
    result = run(count=200, a_second=80, patience_ms=PATIENT_MS)
    assert result.reached == result.wanted
    assert result.callers.succeeded == 200
    assert all(one.failed == 0 for one in (result.callers, *result.pools.values()))


@with_sip
@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.SLOW, Fault.UNBRIDGED])
def test_no_call_is_lost_while_the_server_is_down_or_slow_or_out_of_reach(fault: Fault) -> None:
    result = run(count=120, a_second=60, fault=fault)
    assert result.lost == 0
    assert result.reached == {Pool.FIRST: 0, Pool.SECOND: 0, Pool.DEFAULT: 120}


@with_sip
def test_no_call_is_lost_when_the_server_is_killed_under_them() -> None:
    result = run(count=200, a_second=80, fault=Fault.KILLED, patience_ms=PATIENT_MS)
    assert result.lost == 0
    assert result.callers.failed == 0
    assert 0 < result.reached[Pool.FIRST] < result.wanted[Pool.FIRST]
    assert result.reached[Pool.DEFAULT] > result.wanted[Pool.DEFAULT]


@with_sip
def test_calls_for_a_pool_that_is_gone_overflow_into_the_next_one() -> None:
    result = run(count=60, a_second=30, absent=Pool.FIRST, patience_ms=PATIENT_MS)
    assert result.lost == 0
    wanted = result.wanted
    assert result.reached == {
        Pool.SECOND: wanted[Pool.FIRST] + wanted[Pool.SECOND],
        Pool.DEFAULT: wanted[Pool.DEFAULT],
    }


@with_sip
def test_an_answer_with_an_address_that_the_proxy_does_not_know_is_refused_whole() -> None:
    result = run(count=40, a_second=40, astray=Pool.SECOND, patience_ms=PATIENT_MS)
    assert result.reached == {Pool.FIRST: 0, Pool.SECOND: 0, Pool.DEFAULT: 40}


@with_sip
def test_a_decision_that_comes_after_the_default_was_taken_rings_nowhere_else() -> None:
    result = run(
        count=30, a_second=30, fault=Fault.SLOW, patience_ms=3_000, spare_ms=-2_700, ring_ms=2_000
    )
    assert result.lost == 0
    assert {pool: one.began for pool, one in result.pools.items()} == {
        Pool.FIRST: 0, Pool.SECOND: 0, Pool.DEFAULT: 30,
    }  # fmt: skip


@pytest.mark.slow  # half a minute of calls each
@with_sip
@pytest.mark.parametrize("fault", list(Fault))
def test_six_thousand_calls_at_two_hundred_a_second_are_all_answered(fault: Fault) -> None:
    patience = PATIENT_MS if fault in (Fault.NONE, Fault.KILLED) else PATIENCE_MS
    result = run(count=6_000, a_second=200, fault=fault, patience_ms=patience)
    assert result.lost == 0
    assert result.callers.failed == 0
    if fault is Fault.NONE:
        assert result.reached == result.wanted


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
CALL = {"tindex": 7, "tlabel": 9, "call_id": "c-1", "from": "+15550100", "to": "+15550199"}
ROUTING = {"version": "1.0", "routing": "serial", "routes": [{"uri": "sip:a@127.0.0.1:5"}]}


def decided(handler: Handler | None, *bodies: bytes, patience: float = 0.3) -> list[Any]:
    """Return what the bridge answers to each body, with `handler` as the server it asks."""

    handling: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None and handler is not None
        handling.add(task)
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    async def _run() -> list[Any]:
        port = programs.free_ports([programs.TCP])[0]
        asker = Asker("127.0.0.1", port, patience_seconds=patience)
        if handler is None:
            return await _ask(asker)
        async with await asyncio.start_server(connected, "127.0.0.1", port):
            answers = await _ask(asker)
            await asyncio.wait(handling, timeout=10)
            return answers

    async def _ask(asker: Asker) -> list[Any]:
        bridge = Bridge(asker, deadline_ms=100)
        answers = [await bridge.decide(body) for body in bodies]
        asker.close()
        return [json.loads(one) if one is not None else None for one in answers]

    return asyncio.run(_run())


def answering(content: bytes, *, status: str = "200 OK", cut: int = 0) -> Handler:
    async def _handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = int(head.lower().split(b"content-length:")[1].split()[0])
            asked = json.loads(await reader.readexactly(length))
            assert asked["call_id"] and asked["from"]
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode())
            writer.write(content[: len(content) - cut])
            if cut:
                break

    return _handler


def test_the_bridge_hands_the_routing_document_on() -> None:
    body = json.dumps(CALL).encode()
    answers = decided(answering(json.dumps(ROUTING).encode()), body, body)
    assert answers == [{"tindex": 7, "tlabel": 9, "routing": ROUTING}] * 2


@pytest.mark.parametrize(
    "handler",
    [
        None,
        answering(b"{}"),
        answering(b"[]"),
        answering(b'{"routes": []}'),
        answering(b"not JSON"),
        answering(b"[" * 9_000),
        answering(json.dumps(ROUTING).encode(), status="500 Internal Server Error"),
        answering(json.dumps(ROUTING).encode(), cut=5),
        answering(b"x" * 70_000),
    ],
)
def test_whatever_the_server_answers_the_call_goes_on(handler: Handler | None) -> None:
    assert decided(handler, json.dumps(CALL).encode()) == [{"tindex": 7, "tlabel": 9}]


def test_a_server_that_says_nothing_or_no_http_costs_only_the_patience() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(10_000):
            pass

    async def noisy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        while await reader.read(10_000):
            pass

    for handler in (silent, noisy):
        assert decided(handler, json.dumps(CALL).encode(), patience=0.1) == [
            {"tindex": 7, "tlabel": 9}
        ]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"\xff", b'{"tindex": "7", "tlabel": 9}', b'{"tindex": 7}']
)
def test_what_names_no_call_is_not_answered(body: bytes) -> None:
    assert decided(None, body) == [None]


def test_frames_are_read_as_they_are_written_and_others_refused() -> None:
    async def _read(content: bytes) -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(content)
        reader.feed_eof()
        return await read_frame(reader)

    assert asyncio.run(_read(frame(b"hello"))) == b"hello"
    for wrong in (b"x:hello,", b"5:hello;", b"-1:,", b"99999999:x"):
        with pytest.raises(FrameError):
            asyncio.run(_read(wrong))
    for short in (b"", b"5", b"5:hel"):
        with pytest.raises(asyncio.IncompleteReadError):
            asyncio.run(_read(short))
