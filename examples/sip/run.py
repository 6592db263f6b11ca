"""One run of the example: so many calls through Kamailio, with the server as it is or failing."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from examples.sip import programs
from examples.sip.bridge import CONNECTED, PATIENCE_MS
from examples.sip.programs import Counts, Proxy
from examples.sip.world import QUEUE_OF, Callers, Pool, callers, make_home
from pipelines.running import LOOPBACK, server

SLOW_SECONDS = 1.0
# Kamailio waits longer than the bridge: it is there for a bridge that is gone.
SPARE_MS = 150
RING_MS = 100
_LONGEST_SECONDS = 300


class Fault(StrEnum):
    """What is wrong with the decision server, or with the way to it."""

    NONE = "none"
    DOWN = "down"
    SLOW = "slow"
    KILLED = "killed"
    UNBRIDGED = "unbridged"


@dataclass(frozen=True, slots=True)
class Result:
    """Where the calls of one run went."""

    fault: Fault
    wanted: dict[Pool, int]
    callers: Counts
    pools: dict[Pool, Counts]
    seconds: float

    @property
    def lost(self) -> int:
        """How many calls were not answered by a pool that they were meant for."""
        return sum(self.wanted.values()) - min(
            self.callers.succeeded, sum(one.succeeded for one in self.pools.values())
        )

    @property
    def reached(self) -> dict[Pool, int]:
        """How many calls each pool took."""
        return {pool: one.succeeded for pool, one in self.pools.items()}


def run(
    *,
    count: int,
    a_second: int,
    fault: Fault = Fault.NONE,
    absent: Pool | None = None,
    astray: Pool | None = None,
    patience_ms: int = PATIENCE_MS,
    spare_ms: int = SPARE_MS,
    ring_ms: int = RING_MS,
) -> Result:
    """Run the calls and return where they went.

    `absent` is a pool that is not there; `astray` one for which routers.toml names an address
    that Kamailio does not know. The bridge waits `patience_ms` for a decision, Kamailio `spare_ms`
    longer for the bridge; pools ring for `ring_ms`.
    """
    calling = callers(count)
    ports = _Ports.free()
    with tempfile.TemporaryDirectory(prefix="callworth-sip-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        make_home(folder / "home", ports.addresses(astray))
        deciding = stack.enter_context(_server(ports, folder, fault))
        taking = {
            pool: stack.enter_context(
                programs.pool(
                    pool, QUEUE_OF[pool], ports.pools[pool], ring_ms=ring_ms, folder=folder
                )
            )
            for pool in Pool
            if pool is not absent
        }
        stack.enter_context(programs.kamailio(ports.proxy(patience_ms + spare_ms), folder=folder))
        stack.enter_context(_bridge(ports, folder, fault, patience_ms))
        kill = deciding if fault is Fault.KILLED else None
        seconds = _call(calling, ports, folder, a_second=a_second, kill=kill)
        for process in taking.values():
            programs.end_pool(process)
        return Result(
            fault=fault,
            wanted=calling.wanted,
            callers=programs.counts("callers", folder=folder),
            pools={pool: programs.counts(pool, folder=folder) for pool in taking},
            seconds=seconds,
        )


@dataclass(frozen=True, slots=True)
class _Ports:
    """The ports of one run, all free when it began."""

    sip: int
    callers: int
    pools: dict[Pool, int]
    nowhere: int
    evapi: int
    server: int
    slow: int

    @classmethod
    def free(cls) -> _Ports:
        found = programs.free_ports([*[programs.UDP] * 6, *[programs.TCP] * 3])
        sip, calling, first, second, default, nowhere, *tcp = found
        pools = {Pool.FIRST: first, Pool.SECOND: second, Pool.DEFAULT: default}
        return cls(sip, calling, pools, nowhere, *tcp)

    def proxy(self, patience_ms: int) -> Proxy:
        pools = (self.pools[Pool.FIRST], self.pools[Pool.SECOND])
        return Proxy(self.sip, self.evapi, pools, self.pools[Pool.DEFAULT], patience_ms)

    def addresses(self, astray: Pool | None) -> dict[Pool, str]:
        """Return the SIP address of each pool; that of `astray` is one that Kamailio refuses."""
        return {
            pool: f"sip:{pool}@{LOOPBACK}:{self.nowhere if pool is astray else port}"
            for pool, port in self.pools.items()
        }


@contextmanager
def _server(ports: _Ports, folder: Path, fault: Fault) -> Iterator[subprocess.Popen[bytes] | None]:
    """Run the decision server, and a slow way to it where that is the fault."""
    if fault is Fault.DOWN:
        yield None
        return
    command = ["pipelines.cli", "serve", "--home", str(folder / "home")]
    ready = f"http://{LOOPBACK}:{ports.server}/health/live"
    with ExitStack() as stack:
        process = stack.enter_context(
            server([*command, "--port", str(ports.server)], ready=ready, log=folder / "server.txt")
        )
        if fault is Fault.SLOW:
            arguments = ("--port", str(ports.slow), "--server", str(ports.server))
            stack.enter_context(
                programs.python(
                    "examples.sip.delay", *arguments, "--seconds", str(SLOW_SECONDS), folder=folder
                )
            )
        yield process


@contextmanager
def _bridge(ports: _Ports, folder: Path, fault: Fault, patience_ms: int) -> Iterator[None]:
    if fault is Fault.UNBRIDGED:
        yield
        return
    asked = ports.slow if fault is Fault.SLOW else ports.server
    ask = ("--evapi", str(ports.evapi), "--server", str(asked))
    arguments = (*ask, "--patience-ms", str(patience_ms))
    said = folder / "bridge.txt"
    with programs.python("examples.sip.bridge", *arguments, folder=folder) as process:
        programs.wait_for(lambda: CONNECTED in said.read_text(), process, said=said)
        yield


def _call(
    calling: Callers,
    ports: _Ports,
    folder: Path,
    *,
    a_second: int,
    kill: subprocess.Popen[bytes] | None,
) -> float:
    """Make the calls and return how many seconds they took; `kill` is killed half-way."""
    numbers = folder / "numbers.csv"
    calling.write(numbers)
    count = len(calling.numbers)
    begun = time.monotonic()
    with programs.calls(
        numbers, to=ports.sip, count=count, a_second=a_second, port=ports.callers, folder=folder
    ) as process:
        if kill is not None:
            time.sleep(count / a_second / 2)
            kill.kill()
        process.wait(_LONGEST_SECONDS)
    return time.monotonic() - begun
