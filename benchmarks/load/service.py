"""Our own server on a home's strategies and models, with a decision log of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.processes import LOOPBACK, answers, free_port, running

DECISIONS = "/v1/decisions"
PROBE = b'{"contact_id": "probe", "channel": "voice", "partner": "main"}'
# Each start compiles nothing: what was compiled once is kept, as in an installed package.
_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class Service:
    """A server that answers: its address, its home, its process (the parent of its workers)."""

    url: str
    port: int
    home: Path
    process: subprocess.Popen[bytes]

    def decision(self, body: bytes = PROBE) -> dict[str, object]:
        """Return the decision on one contact."""
        asked = urllib.request.Request(
            self.url + DECISIONS, body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            read: dict[str, object] = json.load(answer)
        return read

    def metrics(self) -> dict[str, float]:
        """Return the figures of /metrics, each under its whole name with labels."""
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


def own_home(home: Path, into: Path) -> Path:
    """Return a home in `into` that shares the strategies and models of `home`, not its log."""
    into.mkdir(parents=True, exist_ok=True)
    for folder in ("strategies", "models"):
        if (home / folder).exists():
            (into / folder).symlink_to((home / folder).resolve())
    return into


def command(home: Path, port: int, *, workers: int = 1, options: Sequence[str] = ()) -> list[str]:
    """Return the command that serves a home."""
    return [
        sys.executable, "-P", "-m", "pipelines.cli", "serve", "--home", str(home),
        "--port", str(port), "--workers", str(workers), *options,
    ]  # fmt: skip


@contextmanager
def serving(
    home: Path, *, workers: int = 1, options: Sequence[str] = (), pause_seconds: float = 0.1
) -> Iterator[Service]:
    """Serve `home` until the block ends; yields once a decision was answered."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    with running(
        command(home, port, workers=workers, options=options),
        log=home / "server.txt",
        ready=lambda: answers(url + DECISIONS, PROBE),
        environment=_COMPILED,
        pause_seconds=pause_seconds,
    ) as process:
        yield Service(url, port, home, process)
