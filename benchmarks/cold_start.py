"""From the start of the process to the first decision, and what a worker then holds in memory.

    python -m benchmarks.cold_start [--home HOME] [--workers 1 2 4] [--rounds 5]

The command is that of `callworth serve`; its bytecode is compiled once before, as an installation
does. The clock runs from the start of the process until a decision has come whole. Memory is read
from Linux's smaps after 2,000 decisions on different callers: resident (RSS), shared fairly (PSS),
held by nobody else (USS), how much of the resident part are files and code, and how much of that is
the strategy file. Bars: 1.5 s, and 150 MB a worker beside the strategy file.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.load.contacts import home_with_calls
from benchmarks.load.memory import Weight, children, command_of, weigh
from benchmarks.load.processes import LOOPBACK, free_port, running
from benchmarks.load.processor import processor_seconds
from benchmarks.load.service import DECISIONS, PROBE, command, own_home

BAR_SECONDS, BAR_MEGABYTES = 1.5, 150.0
CUSTOMERS, ASKED = 20_000, 2_000
PAUSE_SECONDS = 0.005
STRATEGIES = "/strategies-"  # in the path of every strategy file


def first_answer(port: int) -> bool:
    """Return whether a decision is answered already."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=10) as connection:
            connection.sendall(
                b"POST %b HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n%b"
                % (DECISIONS.encode(), len(PROBE), PROBE)
            )
            received = b""
            while part := connection.recv(65_536):
                received += part
    except OSError:
        return False
    return received.startswith(b"HTTP/1.1 200")


def ask(port: int, bodies: list[bytes]) -> None:
    """Ask for each body once, each over a connection of its own: all workers get some."""
    for body in bodies:
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{port}{DECISIONS}", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()


def workers_of(pid: int) -> list[int]:
    """Return the processes that answer: the one that was started, or those that it started."""
    started = [child for child in children(pid) if "resource_tracker" not in command_of(child)]
    return started or [pid]


def one_start(
    home: Path, *, workers: int, bodies: list[bytes], compiled: Path
) -> tuple[float, float, list[Weight], Weight | None]:
    """Return seconds by the clock and of the processor, the weight of each worker, and that of the
    process that keeps watch over several.
    """
    port = free_port()
    started = time.perf_counter()
    with running(
        command(home, port, workers=workers),
        log=home / "server.txt",
        ready=lambda: first_answer(port),
        environment={"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(compiled)},
        pause_seconds=PAUSE_SECONDS,
    ) as process:
        seconds = time.perf_counter() - started
        used = processor_seconds(process.pid)
        ask(port, bodies)
        answering = workers_of(process.pid)
        watching = weigh(process.pid) if process.pid not in answering else None
        return seconds, used, [weigh(pid, mapped=STRATEGIES) for pid in answering], watching


def show(label: str, weight: Weight) -> None:
    """Print one process's memory as a line."""
    print(f"  {label:18}{weight.resident:9.1f}{weight.fair:9.1f}{weight.own:9.1f}"
          f"{weight.anonymous:11.1f}{weight.file:9.1f}{weight.mapped:13.1f}")  # fmt: skip


def measure(
    home: Path, bodies: list[bytes], given: argparse.Namespace, *, workers: int, compiled: Path
) -> bool:
    """Start the server some times, print the figures; True when both bars hold."""
    runs = [
        one_start(home, workers=workers, bodies=bodies[:ASKED], compiled=compiled)
        for _ in range(given.rounds)
    ]
    clock = [run[0] for run in runs]
    typical = statistics.median(clock)
    print(f"\n{workers} worker{'s' * (workers > 1)}: first decision after {min(clock):.2f} to "
          f"{max(clock):.2f} s, median {typical:.2f} s; "
          f"{statistics.median(run[1] for run in runs):.2f} s of processor time")  # fmt: skip
    print(f"  {'MB of 10^6 bytes':18}{'RSS':>9}{'PSS':>9}{'USS':>9}{'anonymous':>11}{'files':>9}"
          f"{'strategies':>13}")  # fmt: skip
    weights, watching = runs[-1][2], runs[-1][3]
    for at, weight in enumerate(weights):
        show(f"worker {at + 1}", weight)
    if watching is not None:
        show("the one that starts", watching)
    heaviest = max(weight.resident - weight.mapped for weight in weights)
    total = sum(w.fair for w in weights) + (watching.fair if watching else 0.0)
    holds = typical <= BAR_SECONDS and heaviest <= BAR_MEGABYTES
    print(f"  all together {total:.1f} MB (PSS); bars: {BAR_SECONDS} s, {BAR_MEGABYTES:g} MB "
          f"beside the strategies: {typical:.2f} s, {heaviest:.1f} MB: "
          f"{'hold' if holds else 'do NOT hold'}", flush=True)  # fmt: skip
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="a home with strategies and models")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cold-start-") as folder:
        scratch = Path(folder)
        home, bodies = home_with_calls(
            given.home, scratch / "made_up", customers=CUSTOMERS, count=CUSTOMERS
        )
        own, compiled = own_home(home, scratch / "own"), scratch / "compiled"
        one_start(own, workers=1, bodies=[], compiled=compiled)  # compiles
        print(f"{os.cpu_count()} cores; strategies and models of {home}")
        held = [
            measure(own, bodies, given, workers=workers, compiled=compiled)
            for workers in given.workers
        ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
