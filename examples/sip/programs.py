"""The programs of the example, each a process of its own: Kamailio, sipp, and the bridge."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOOPBACK = "127.0.0.1"
PACKAGES = "kamailio kamailio-extra-modules sip-tester"
TCP, UDP = socket.SOCK_STREAM, socket.SOCK_DGRAM
_NEEDED = ("kamailio", "sipp")
_RANG = "ResponseTimeRepartition1_"
_START_SECONDS = 30.0
_END_SECONDS = 10.0
# 64 MB run out at 600 calls a second.
_SHARED_MB = 256


class SipError(Exception):
    """A program of the example is missing, did not start or ended too early."""


def missing() -> str | None:
    """Return what to install, or None where both programs are there."""
    absent = [name for name in _NEEDED if _program(name) is None]
    if not absent:
        return None
    return f"{' and '.join(absent)} not found: apt-get install --no-install-recommends {PACKAGES}"


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")


def free_ports(kinds: Sequence[int]) -> list[int]:
    """Return one free port on loopback for each kind (UDP, TCP), all different."""
    probes = [socket.socket(socket.AF_INET, kind) for kind in kinds]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def program(
    command: Sequence[str], *, folder: Path, name: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in `folder` until the block ends; what it says lies in NAME.txt there."""
    with (folder / f"{name}.txt").open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process by its id, first in order, then not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def python(module: str, *arguments: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of this repository."""
    command = [sys.executable, "-c", _RUN, str(ROOT), module, *arguments]
    with program(command, folder=folder, name=module.rpartition(".")[2]) as process:
        yield process


# The folder that we run in holds nothing of ours: the repository comes first on the path.
_RUN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv = sys.argv[1:];"
    " runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where Kamailio listens, what it asks and whom it may call."""

    port: int
    evapi: int
    pools: tuple[int, ...]
    default: int
    patience_ms: int


@contextmanager
def kamailio(proxy: Proxy, *, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Kamailio in the foreground, on loopback, until the block ends."""
    pools = "|".join(f"127[.]0[.]0[.]1:{port}" for port in (*proxy.pools, proxy.default))
    values = {
        "KAMAILIO": proxy.port,
        "EVAPI": proxy.evapi,
        "DEFAULT": proxy.default,
        "PATIENCE": proxy.patience_ms,
        "POOLS": pools,
    }
    text = (HERE / "kamailio.cfg").read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    configuration = folder / "kamailio.cfg"
    configuration.write_text(text)
    command = [
        _program("kamailio") or "kamailio", "-DD", "-E", "-f", str(configuration),
        "-m", str(_SHARED_MB), "-Y", str(folder), "-w", str(folder),
    ]  # fmt: skip
    with program(command, folder=folder, name="kamailio") as process:
        wait_for(lambda: _listens(proxy.evapi), process, said=folder / "kamailio.txt")
        yield process


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], *, said: Path) -> None:
    """Wait until a program is ready; raise SipError with its last words where it is not."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if ready():
            return
        time.sleep(0.05)
    words = said.read_text(errors="replace")[-800:]
    raise SipError(f"{said.stem} did not start: {words or 'it said nothing'}")


@dataclass(frozen=True, slots=True)
class Counts:
    """What one sipp counted; `rang_within` by milliseconds from the INVITE to the ringing."""

    began: int
    succeeded: int
    failed: int
    sent_again: int
    rang_within: dict[str, int]


@contextmanager
def pool(
    name: str, queue: str, port: int, *, ring_ms: int, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a pool that takes calls for one queue, after so much ringing."""
    scenario = folder / f"{name}.xml"
    text = (HERE / "pool.xml").read_text()
    scenario.write_text(text.replace("@QUEUE@", queue).replace("@RING@", str(ring_ms)))
    command = [*_sipp(name, port), "-sf", str(scenario)]
    with program(command, folder=folder, name=name) as process:
        wait_for(lambda: _taken(port), process, said=folder / f"{name}.txt")
        yield process


@contextmanager
def calls(
    numbers: Path, *, to: int, count: int, a_second: int, port: int, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the callers; they end by themselves when every call has ended."""
    command = [
        *_sipp("callers", port), "-sf", str(HERE / "caller.xml"), "-inf", str(numbers),
        "-r", str(a_second), "-m", str(count), "-l", str(count), "-timeout", "120",
        f"{LOOPBACK}:{to}",
    ]  # fmt: skip
    with program(command, folder=folder, name="callers") as process:
        yield process


def _sipp(name: str, port: int) -> list[str]:
    return [
        _program("sipp") or "sipp", "-i", LOOPBACK, "-p", str(port), "-nostdin",
        "-trace_stat", "-stf", f"{name}.csv", "-fd", "1",
        # What overtakes another message on the way ends no call; what never comes does.
        "-default_behaviors", "all,-abortunexp", "-recv_timeout", "20000",
    ]  # fmt: skip


def end_pool(process: subprocess.Popen[bytes]) -> None:
    """Ask sipp to end when its calls have, and wait for it; its counts are written then."""
    if process.poll() is None:
        process.send_signal(signal.SIGUSR1)
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            end(process)


def counts(name: str, *, folder: Path) -> Counts:
    """Return what a sipp that has ended counted."""
    lines = (folder / f"{name}.csv").read_text().splitlines()
    last = dict(zip(lines[0].split(";"), lines[-1].split(";"), strict=False))
    return Counts(
        int(last["IncomingCall(C)"]) + int(last["OutgoingCall(C)"]),
        int(last["SuccessfulCall(C)"]),
        int(last["FailedCall(C)"]),
        int(last["Retransmissions(C)"]),
        {
            name.removeprefix(_RANG): int(value)
            for name, value in last.items()
            if name.startswith(_RANG) and name != _RANG and int(value)
        },
    )
