"""A real server whose disk is full: the router is answered, outcomes wait, nothing is lost."""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipelines.running import LOOPBACK, free_port, post, server
from tests.behaviour.small_disk import fill, small_disk

DECISIONS = 300


def _ask(url: str, number: int) -> str:
    contact = {"contact_id": f"k-{number}", "channel": "voice", "from": "+15550100"}
    return str(post(f"{url}/v1/decisions", contact)["decision_id"])


def _report(url: str, decision_id: str) -> int:
    """Return the status of an outcome that is sent."""
    outcome: dict[str, Any] = {
        "decision_id": decision_id, "offer_id": "term_life", "accepted": True,
        "occurred_at": "2026-11-01T10:00:00Z",
    }  # fmt: skip
    try:
        post(f"{url}/v1/outcomes", outcome)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def _log_state(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/health/ready", timeout=10) as answer:
        state: dict[str, int] = json.load(answer)["log"]
    return state


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


def test_the_router_is_answered_while_the_disk_is_full(disk: Path, tmp_path: Path) -> None:
    home, port = disk / "home", free_port(8470)
    url = f"http://{LOOPBACK}:{port}"
    arguments = ["pipelines.cli", "serve", "--home", str(home), "--port", str(port)]
    with server(arguments, ready=f"{url}/health/live", log=tmp_path / "server.txt"):
        first = _ask(url, 0)
        assert _report(url, first) == 200
        filler = fill(disk)
        given = [_ask(url, number) for number in range(1, DECISIONS)]
        assert _report(url, given[-1]) == 503
        assert _log_state(url)["waiting"] > 0
        filler.unlink()
        until = time.monotonic() + 60
        while _log_state(url)["waiting"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert _report(url, given[-1]) == 200
        assert _log_state(url) == {"waiting": 0, "dropped": 0}
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as log:
        logged = [row[0] for row in log.execute("SELECT decision_id FROM decisions")]
        gaps = log.execute("SELECT * FROM gaps").fetchall()
    assert sorted(logged) == sorted([first, *given])
    assert gaps == []
