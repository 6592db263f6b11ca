"""Ten thousand decisions over HTTP against a real server: every well-formed one has a route.

One in twenty callers is unknown, one body in a hundred is malformed. The server is a process of
its own and reads the strategies of --home; it logs into a folder of its own, which is counted too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.load.contacts import known_callers, publish_made_up
from pipelines.running import LOOPBACK, free_port, server
from routing.strategy_file import every_strategy
from routing.strategy_pointer import read_pointer

CUSTOMERS_AT_MOST = 20_000
UNKNOWN, MALFORMED = 0.05, 0.01
MISTAKES: tuple[bytes, ...] = (
    b"",
    b"{",
    b"[]",
    b'{"contact_id": 7, "channel": "voice"}',
    b'{"contact_id": "c", "channel": "pigeon"}',
    b'{"contact_id": "c", "channel": "voice", "form": "+15550100"}',
    b'{"contact_id": "c", "channel": "voice", "deadline_ms": 0}',
    b'{"contact_id": "c", "channel": "voice", "from": 15550100}',
    b'{"contact_id": "\xff", "channel": "voice"}',
    b'{"a": ' + b"[" * 5_000,
)


@dataclass
class Tally:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    without_route: int = 0
    milliseconds: list[float] = field(default_factory=list)

    def at(self, share: float) -> float:
        """Return the latency that this share of the requests stayed below."""
        return sorted(self.milliseconds)[int(share * (len(self.milliseconds) - 1))]


def bodies(home: Path, *, count: int, seed: int) -> list[tuple[bool, bytes]]:
    """Return (well-formed, body) in random order: known callers, strangers and mistakes."""
    draw = random.Random(seed)
    pointer = read_pointer(home / "strategies")
    if pointer is None:
        raise SystemExit(f"No strategies in {home}: run `make demo DEMO_ARGS=--no-serve` first.")
    path = home / "strategies" / pointer.file
    known = list(islice(every_strategy(path), CUSTOMERS_AT_MOST))
    phones = {one.customer_id: one.phone for one in known_callers(home / "tables")}
    made: list[tuple[bool, bytes]] = []
    for place in range(count):
        if place < count * MALFORMED:
            made.append((False, MISTAKES[place % len(MISTAKES)]))
            continue
        contact: dict[str, Any] = {
            "contact_id": f"bench-{place}", "channel": "voice", "to": "+15550199",
            "answers": {"reason": draw.choice(["quote", "billing", "claim", "change", "other"])},
            "deadline_ms": 200,
        }  # fmt: skip
        if place < count * (MALFORMED + UNKNOWN):
            contact["from"] = f"+1999{draw.randrange(10**7):07d}"
        else:
            one = draw.choice(known)
            phone = phones.get(one.customer_id)
            contact |= {"partner": one.partner}
            by_phone = phone is not None and draw.random() < 0.5
            contact |= {"from": phone} if by_phone else {"customer_id": one.customer_id}
        made.append((True, json.dumps(contact).encode()))
    draw.shuffle(made)
    return made


async def _client(port: int, work: Iterator[tuple[bool, bytes]], tally: Tally) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    for well_formed, body in work:
        head = (
            f"POST /v1/decisions HTTP/1.1\r\nhost: {LOOPBACK}:{port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        started = time.perf_counter()
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        lines = answer.decode().lower().split("\r\n")
        length = next(int(x.split(":")[1]) for x in lines if x.startswith("content-length:"))
        content = await reader.readexactly(length)
        tally.milliseconds.append((time.perf_counter() - started) * 1000)
        status = int(lines[0].split()[1])
        tally.statuses[status] += 1
        if well_formed:
            decision = json.loads(content)
            tally.sources[decision.get("source", "none")] += 1
            tally.without_route += not decision.get("route", {}).get("queue")
        elif not 400 <= status < 500:
            tally.without_route += 1
    writer.close()
    await writer.wait_closed()


async def _ask_all(port: int, work: list[tuple[bool, bytes]], connections: int) -> Tally:
    tally = Tally()
    shared = iter(work)
    await asyncio.gather(*(_client(port, shared, tally) for _ in range(connections)))
    return tally


def measure(home: Path, *, count: int, connections: int, seed: int) -> bool:
    """Serve `home`, ask, print the figures; True when every well-formed contact got a route."""
    work = bodies(home, count=count, seed=seed)
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(scratch)
        for folder in ("strategies", "models"):
            (own / folder).symlink_to((home / folder).resolve())
        port = free_port(0)
        started = ["pipelines.cli", "serve", "--home", str(own), "--port", str(port)]
        ready = f"http://{LOOPBACK}:{port}/health/live"
        with server(started, ready=ready, log=own / "server.txt"):
            asyncio.run(_ask_all(port, work[:200], connections))  # warm
            begun = time.perf_counter()
            tally = asyncio.run(_ask_all(port, work, connections))
            seconds = time.perf_counter() - begun
        with sqlite3.connect(own / "log" / "decisions.sqlite") as connection:
            (logged,) = connection.execute("SELECT count(*) FROM decisions").fetchone()
    wanted = sum(good for good, _ in work) + sum(good for good, _ in work[:200])
    failed = sum(count for status, count in tally.statuses.items() if status >= 500)
    print(f"{count:,} requests, {connections} connections, {seconds:.2f} s: "
          f"{count / seconds:,.0f} a second; "
          f"p50 {tally.at(0.5):.2f} ms, p99 {tally.at(0.99):.2f} ms, "
          f"longest {max(tally.milliseconds):.1f} ms")  # fmt: skip
    print(f"statuses: {dict(sorted(tally.statuses.items()))}; 5xx: {failed}")
    print(f"sources: {dict(tally.sources.most_common())}")
    print(f"without the answer they should have: {tally.without_route}")
    print(f"decisions in the log: {logged:,} of {wanted:,}")
    return failed == 0 and tally.without_route == 0 and logged == wanted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with strategies; else some are made up")
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = given.home or Path(scratch)
        if given.home is None:
            print(f"no --home: {CUSTOMERS_AT_MOST:,} made-up strategies are served")
            publish_made_up(home, customers=CUSTOMERS_AT_MOST)
        held = measure(home, count=given.requests, connections=given.connections, seed=given.seed)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
