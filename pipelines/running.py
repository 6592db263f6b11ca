"""Servers beside a step: started as processes of their own, waited for, and always ended."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from features.errors import FeatureError

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 10


class ServerDidNotStartError(FeatureError):
    """A server ended, or did not answer in time."""

    status = 503


def free_port(wanted: int) -> int:
    """Return `wanted` if nothing listens there, else a port that is free now."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerDidNotStartError("No port is free on this machine.", fix="End a server and retry.")


@contextmanager
def server(
    arguments: Sequence[str], *, ready: str, log: Path, patience_seconds: float = 60
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -P -m <arguments>` until the block ends; yields once `ready` (a URL) answers.

    Raises:
        ServerDidNotStartError: it ended at once or did not answer within the patience.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(
            # -P: a module lying in the folder that we are called from must not take ours' place.
            [sys.executable, "-P", "-m", *arguments],
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, ready=ready, log=log, patience_seconds=patience_seconds)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(
    process: subprocess.Popen[bytes], *, ready: str, log: Path, patience_seconds: float
) -> None:
    until = time.monotonic() + patience_seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(ready, timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    said = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise ServerDidNotStartError(
        f"The server did not answer at {ready}. It said: {' / '.join(said) or 'nothing'}",
        fix=f"Read {log}, or try another port.",
    )


def post(url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send JSON and return the JSON that is answered."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        read: dict[str, Any] = json.load(answer)
    return read
