"""Answers that no server of ours gives: whatever one holds, the call reaches the default pool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from examples.sip import programs
from examples.sip.netstrings import frame, read_frame
from examples.sip.programs import TCP, UDP, Counts, Proxy
from examples.sip.world import Callers, Pool

absent = programs.missing()
pytestmark = pytest.mark.skipif(absent is not None, reason=absent or "")

# FIRST stands for the port of a pool that may be called.
FORGED: tuple[Any, ...] = (
    {"routes": [{"uri": "sip:first@192.0.2.1:FIRST"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:9"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST@192.0.2.1"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST;maddr=192.0.2.1"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST?Route=%3Csip:192.0.2.1%3E"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST\r\nRoute: <sip:192.0.2.1>"}]},
    {"routes": [{"uri": "sip:first@127x0.0.1:FIRST"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST", "dst_uri": "sip:192.0.2.1"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST", "path": "<sip:192.0.2.1;lr>"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST"}, {"uri": "sip:first@192.0.2.1"}]},
    {"routes": [{"uri": "sip:first@127.0.0.1:FIRST"}, {"dst_uri": "sip:192.0.2.1"}]},
    {"routes": [{"uri": 7}]},
    {"routes": [{"uri": None}]},
    {"routes": [{}]},
    {"routes": ["sip:first@127.0.0.1:FIRST"]},
    {"routes": {"uri": "sip:first@127.0.0.1:FIRST"}},
    {"routes": []},
    {"routes": None},
    {},
    [],
    "sip:first@127.0.0.1:FIRST",
    7,
    None,
)


async def forge(port: int, first: int, until: asyncio.Event) -> int:
    """Answer the calls that Kamailio tells of with one forged answer after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    ended = asyncio.create_task(until.wait())
    while True:
        reading = asyncio.create_task(read_frame(reader))
        await asyncio.wait({reading, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            reading.cancel()
            break
        call = json.loads(reading.result())
        routing = FORGED[answered % len(FORGED)]
        if isinstance(routing, dict) and routing:
            routing = {"version": "1.0", "routing": "serial", **routing}
        text = json.dumps({**call, "routing": routing}).replace("FIRST", str(first))
        writer.write(frame(text.encode()))
        answered += 1
    writer.close()
    await writer.wait_closed()
    return answered


async def call_all(folder: Path, ports: Sequence[int]) -> tuple[int, dict[Pool, Counts]]:
    sip, calling, first, default, evapi = ports
    Callers(tuple(f"+1555{at:07d}" for at in range(len(FORGED))), {}).write(folder / "numbers.csv")
    over = asyncio.Event()
    with (
        programs.pool("first", "sales_first", first, ring_ms=50, folder=folder) as one,
        programs.pool("default", "default", default, ring_ms=50, folder=folder) as other,
        programs.kamailio(Proxy(sip, evapi, (first,), default, 3_000), folder=folder),
    ):
        forging = asyncio.create_task(forge(evapi, first, over))
        with programs.calls(
            folder / "numbers.csv",
            to=sip,
            count=len(FORGED),
            a_second=20,
            port=calling,
            folder=folder,
        ) as callers:
            await asyncio.to_thread(callers.wait, 60)
        over.set()
        answered = await forging
        for pool in (one, other):
            await asyncio.to_thread(programs.end_pool, pool)
    found = {pool: programs.counts(pool, folder=folder) for pool in (Pool.FIRST, Pool.DEFAULT)}
    return answered, found


def test_no_forged_answer_sends_a_call_anywhere_but_to_the_default_pool(tmp_path: Path) -> None:
    ports = programs.free_ports([*[UDP] * 4, TCP])
    answered, found = asyncio.run(call_all(tmp_path, ports))
    assert answered == len(FORGED)
    assert found[Pool.FIRST].began == 0
    assert found[Pool.DEFAULT].succeeded == len(FORGED)
    assert found[Pool.DEFAULT].failed == 0
