"""Adapters of a real server: one decision for one question, over workers and over a restart."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from examples.sip.world import Pool, make_home
from pipelines.explain import explain
from pipelines.running import LOOPBACK, free_port, post, server

PATH = "/v1/adapters/kamailio"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "a home"
    make_home(home, {pool: f"sip:{pool}@{LOOPBACK}:5060" for pool in Pool})
    return home


@contextmanager
def serving(home: Path, *, workers: int = 1) -> Iterator[str]:
    address = f"http://{LOOPBACK}:{free_port(0)}"
    os.environ["CALLWORTH_WORKERS"] = str(workers)
    command = ["pipelines.cli", "serve", "--home", str(home), "--port", address.split(":")[2]]
    try:
        with server(command, ready=f"{address}/health/live", log=home / "server.txt"):
            yield address
    finally:
        del os.environ["CALLWORTH_WORKERS"]


def ask(address: str, at: int) -> str:
    """Return the decision that one call is told; each call over a connection of its own."""
    said = {"deadline_ms": "20000"}  # where the machine is busy, no default leaves before it
    call = {"call_id": f"c-{at}", "from": f"+1555{at:07d}", "to": "+15550199", "said": said}
    answer = post(f"{address}{PATH}", call)
    lines = str(answer["routes"][0]["headers"]["extra"]).split("\r\n")
    return next(line for line in lines if line.startswith("X-Route-Decision: "))


def logged(home: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as connection:
        rows = connection.execute("SELECT contact_id, count(*) FROM decisions GROUP BY 1")
        return sorted(rows.fetchall())


def test_whichever_worker_is_asked_a_call_has_one_decision_and_one_line_in_the_log(
    home: Path,
) -> None:
    with serving(home, workers=2) as address, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: ask(address, at % 10), range(100)))
    assert len(set(found)) == 10
    assert logged(home) == sorted((f"c-{at}", 1) for at in range(10))


def test_a_call_that_asks_again_after_a_restart_has_the_same_decision(home: Path) -> None:
    with serving(home) as address:
        before = ask(address, 1)
    with serving(home) as address:
        assert ask(address, 1) == before
        assert ask(address, 2) != before
    assert logged(home) == [("c-1", 1), ("c-2", 1)]


def test_what_an_adapter_decided_can_be_explained_to_the_byte(home: Path) -> None:
    with serving(home) as address:
        decision_id = ask(address, 3).removeprefix("X-Route-Decision: ")
    found = explain(decision_id, log=home / "log" / "decisions.sqlite", home=home)
    assert found.same, found.text
