"""A real server as a process of its own, over a home whose every answer tells its set."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from routing.offers import Offer
from routing.strategy import Handling
from routing.strategy_index import ContactDetails
from routing.strategy_pointer import writing_lock
from routing.strategy_writer import StrategyWriter
from routing.vectors import packed
from serving import examples
from tests.linear_model_set import KINDS, write_model_set

PATIENCE_SECONDS = 90.0
CUSTOMERS = 200
_OFFERS = tuple(
    Offer(offer_id, name, 400.0, 5.0, 30.0, "life", frozenset({"lead", "new_business"}), 90)
    for offer_id, name in (("term_life", "Term life"), ("home_cover", "Home cover"))
)
_KNOWN = packed((44.0, None, "retired"))
_SERVE = (
    "from serving.run import serve; from serving.settings import Settings;"
    " serve(Settings.from_environment())"
)


def phone_of(number: int) -> str:
    """Return the phone number of customer c-<number>."""
    return f"+1555{number:07d}"


def publish(home: Path, *, model_set: str = "17", customers: int = CUSTOMERS) -> str:
    """Publish strategies that name their model set twice, in a field and in the agent's text."""
    now = datetime.now(UTC)
    one = msgspec.structs.replace(
        examples.STRATEGY,
        model_set=model_set,
        handling=Handling(examples.STRATEGY.handling.offers, f"formed by {model_set}"),
        formed_at=now,
        expires_at=now + timedelta(days=1000),
    )
    folder = home / "strategies"
    with (
        writing_lock(folder),
        StrategyWriter(
            folder,
            model_set=model_set,
            formed_at=now,
            defaults=[examples.DEFAULTS],
            offers={"main": _OFFERS},
            cuts={"main": (50.0,)},
            features=tuple(KINDS),
            as_of=now,
        ) as writer,
    ):
        entries = (
            (msgspec.structs.replace(one, customer_id=f"c-{at}"), ContactDetails((phone_of(at),)))
            for at in range(customers)
        )
        writer.add(entries, vectors=[_KNOWN] * customers)
        return writer.publish().label


def promote(home: Path, version: str) -> None:
    """Put a model set in force that scores contacts now."""
    write_model_set(home / "models", version, signals=("accept", "baseline", "keep", "value"))


@dataclass(frozen=True)
class Running:
    """A server: its process (the parent of its workers), its port, its home and what it said."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    output: Path

    def get(self, path: str) -> Any:
        """Return the JSON that lies at a path."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as line:
            line.request("GET", path)
            return json.loads(line.getresponse().read())

    def ready(self) -> Any:
        """Return what the server says of itself."""
        return self.get("/health/ready")

    def end(self) -> None:
        """End the server in order: what it has in hand is answered and logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running_server(
    root: Path,
    home: Path,
    *,
    script: Sequence[str] = ("-c", _SERVE),
    port: int | None = None,
    said: int | None = None,
    **settings: str,
) -> Iterator[Running]:
    """Run a server over `home` until the block ends, or has ended it.

    What it says goes to a file, or to the descriptor `said`.
    """
    port = port or _free_port()
    chosen = {
        "CALLWORTH_HOME": str(home), "CALLWORTH_PORT": str(port),
        "CALLWORTH_HOLD_BACK_SHARE": "0", "PYTHONPATH": str(root), **settings,
    }  # fmt: skip
    output = home.parent / f"server-{port}.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *script], cwd=root, env=os.environ | chosen, stderr=said or file
        )
    running = Running(process, port, home, output)
    try:
        wait_until(lambda: _lives(running), process=process, why=output)
        yield running
    finally:
        if process.poll() is None:
            running.end()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lives(running: Running) -> bool:
    try:
        return bool(running.get("/health/live")["alive"])
    except OSError:
        return False


def wait_until(
    true: Callable[[], object],
    *,
    process: subprocess.Popen[bytes] | None = None,
    why: Path | None = None,
) -> None:
    """Wait for something to become true; fail with the server's words where it does not."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > until:
            raise AssertionError(why.read_text()[-4_000:] if why is not None else "never came")
        time.sleep(0.05)


def logged(home: Path, query: str = "SELECT decision_id, contact_id FROM decisions") -> list[Any]:
    """Return rows of the decision log."""
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as connection:
        return connection.execute(query).fetchall()
