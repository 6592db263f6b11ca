"""A server as a process group of its own: started, waited for by asking it, always ended whole."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
# Below the ports that the system hands out itself: a client that tries again and again could
# otherwise be given the very port that it asks for, and meet itself.
_PORTS = range(18_400, 18_900)
_STOP_SECONDS = 15


class DidNotStartError(RuntimeError):
    """A server ended or did not answer in time; the message holds its last words."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    for port in _PORTS:
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise DidNotStartError("No port is free on this machine.")


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    patience_seconds: float = 90,
    pause_seconds: float = 0.1,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; yields once `ready` says so.

    Raises DidNotStartError.
    """
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **(environment or {})},
        )  # fmt: skip
    try:
        until = time.monotonic() + patience_seconds
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise DidNotStartError(_last_words(log))
            time.sleep(pause_seconds)
        yield process
    finally:
        _end(process)


def answers(url: str, body: bytes) -> bool:
    """Return whether a POST of this JSON is answered with 200."""
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _last_words(log: Path) -> str:
    said = log.read_text(errors="replace").strip().splitlines()[-3:]
    return " / ".join(said) or "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    with suppress(ProcessLookupError):  # what it has started, and itself if it does not listen
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
