"""Decisions while thousands of connections are held open on purpose: latency beside without them.

A real server answers contacts one after the other from four threads; meanwhile --held connections
each send a header and then a letter a second, the way of the "slow loris", and are opened again
when they are ended. Printed: the median and the 99th percentile with and without, their ratio,
and how many contacts got no answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load.contacts import publish_made_up
from pipelines.running import LOOPBACK, free_port, server
from serving.listening import raise_open_files

THREADS = 4
BODY = json.dumps({"contact_id": "c-1", "channel": "voice", "from": "+15550100"}).encode()
HEADERS = {"content-type": "application/json"}
BEGUN = b"POST /v1/decisions HTTP/1.1\r\nhost: x\r\nx-letters: "


def asked(port: int, *, seconds: float) -> tuple[list[float], int]:
    """Return the milliseconds of each answer, and how many contacts got none."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    until, times, lost = time.perf_counter() + seconds, [], 0
    while time.perf_counter() < until:
        started = time.perf_counter()
        try:
            connection.request("POST", "/v1/decisions", BODY, HEADERS)
            answer = connection.getresponse()
            answer.read()
            lost += answer.status != 200
        except (OSError, http.client.HTTPException):
            lost += 1
            connection.close()
        times.append((time.perf_counter() - started) * 1000)
        time.sleep(0.002)
    return times, lost


@contextmanager
def held_open(port: int, *, count: int) -> Iterator[list[int]]:
    """Hold so many connections open until the block ends; yields a count of those opened again."""
    over, again = threading.Event(), [0]

    def hold() -> None:
        with selectors.DefaultSelector() as ended:
            while not over.is_set():
                while len(ended.get_map()) < count:
                    try:
                        one = socket.create_connection((LOOPBACK, port), timeout=5)
                        one.sendall(BEGUN)
                    except OSError:
                        break
                    one.setblocking(False)
                    ended.register(one, selectors.EVENT_READ)
                    again[0] += 1
                for key, _ in ended.select(0.0):
                    ended.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]
                for key in list(ended.get_map().values()):
                    try:
                        key.fileobj.send(b"x")  # type: ignore[union-attr]
                    except OSError:
                        ended.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                over.wait(1.0)
            for key in list(ended.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield again
    finally:
        over.set()
        holder.join()


def measured(port: int, *, seconds: float, what: str) -> tuple[float, float]:
    """Print and return the median and the 99th percentile, milliseconds."""
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda _: asked(port, seconds=seconds), range(THREADS)))
    times = sorted(one for times, _ in found for one in times)
    lost = sum(lost for _, lost in found)
    middle, high = times[len(times) // 2], times[int(0.99 * (len(times) - 1))]
    print(f"{what:<34} {len(times):>7,} asked, {lost} without an answer, p50 {middle:.2f} ms,"
          f" p99 {high:.2f} ms")  # fmt: skip
    return middle, high


@contextmanager
def serving(folder: Path, *, port: int) -> Iterator[None]:
    """Run a server over a home with a few customers until the block ends."""
    home = folder / "home"
    publish_made_up(home, customers=100)
    arguments = ["pipelines.cli", "serve", "--home", str(home), "--port", str(port)]
    ready = f"http://{LOOPBACK}:{port}/health/live"
    with server(arguments, ready=ready, log=folder / "server.log"):
        yield


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=int, default=2_000, help="connections held open")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement")
    chosen = parser.parse_args()
    raise_open_files()
    port = free_port(0)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), port=port):
        measured(port, seconds=2.0, what="warm up")
        before = measured(port, seconds=chosen.seconds, what="no other connection")
        with held_open(port, count=chosen.held) as again:
            time.sleep(3.0)
            during = measured(port, seconds=chosen.seconds, what=f"{chosen.held:,} held open")
        print(f"{again[0]:,} connections were opened; ratio of the medians"
              f" {during[0] / before[0]:.2f}, of p99 {during[1] / before[1]:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
