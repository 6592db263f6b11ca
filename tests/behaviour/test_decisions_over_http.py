"""A real server as a process of its own: started, asked over a socket, ended in order."""

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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from routing.offer_states import OfferState
from routing.strategy_writer import StrategyWriter
from serving import examples, offers_ledger
from serving.key_changes import create_key
from serving.offer_states import CHECK_SECONDS

PATIENCE_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home with one published strategy, in a path with a space in it."""
    home = tmp_path / "a home"
    now = datetime.now(UTC)
    strategy = msgspec.structs.replace(
        examples.STRATEGY, formed_at=now, expires_at=now + timedelta(days=1)
    )
    with StrategyWriter(
        home / "strategies", model_set="17", formed_at=now, defaults=[examples.DEFAULTS]
    ) as writer:
        writer.add([(strategy, examples.DETAILS)])
        writer.publish()
    return home


@contextmanager
def server(
    root: Path, home: Path, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Run a server over `home` until the block ends; yields its process and a client."""
    port = free_port()
    environment = os.environ | {"CALLWORTH_HOME": str(home), "CALLWORTH_PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "-c", "from serving.run import serve; from serving.settings import"
         " Settings; serve(Settings.from_environment())"],
        cwd=root, env=environment | settings, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            wait_for(client, process)
            yield process, client
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)


def wait_for(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if client.get("/health/live").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {process.communicate()[1]}")


def logged(home: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as connection:
        return connection.execute("SELECT contact_id, source FROM decisions").fetchall()


def test_a_router_asks_reports_and_nothing_is_lost_when_the_server_ends(
    root: Path, home: Path
) -> None:
    with server(root, home) as (process, client):
        answer = client.post(
            "/v1/decisions",
            json={"contact_id": "c-1", "channel": "voice", "from": examples.PHONE},
        )
        assert answer.json()["source"] == "strategy"
        assert answer.json()["customer"]["identified_by"] == "phone"
        outcome = {
            "decision_id": answer.json()["decision_id"], "offer_id": "term_life",
            "accepted": True, "revenue": 510, "occurred_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        assert client.post("/v1/outcomes", json=outcome).json()["result"] == "stored"
        last = client.post("/v1/decisions", json={"contact_id": "c-2", "channel": "chat"})
        assert last.status_code == 200
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
        assert process.returncode == 0
    assert sorted(logged(home)) == [("c-1", "strategy"), ("c-2", "default")]


def test_many_routers_at_once_all_get_a_route_while_sets_are_published(
    root: Path, home: Path
) -> None:
    with server(root, home) as (_, client):

        def ask(place: int) -> tuple[int, bool]:
            contact = {"contact_id": f"c-{place}", "channel": "voice", "from": examples.PHONE}
            if place % 50 == 0:
                contact["channel"] = "pigeon"
            answer = client.post("/v1/decisions", json=contact)
            return answer.status_code, bool(answer.json().get("route", {}).get("queue"))

        with ThreadPoolExecutor(8) as pool:
            waiting = pool.map(ask, range(400))
            for _ in range(3):
                now = datetime.now(UTC)
                with StrategyWriter(
                    home / "strategies", model_set="18", formed_at=now,
                    defaults=[examples.DEFAULTS],
                ) as writer:  # fmt: skip
                    writer.add([(examples.STRATEGY, examples.DETAILS)])
                    writer.publish()
            answers = list(waiting)
    assert answers.count((422, False)) == 8
    assert answers.count((200, True)) == 392


def test_what_is_no_http_at_all_is_refused_and_harms_nobody(root: Path, home: Path) -> None:
    with server(root, home) as (_, client):
        port = client.base_url.port
        assert port is not None
        for noise in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /v1/decisions HTTP/1.1\r\n"):
            with socket.create_connection(("127.0.0.1", port)) as raw:
                raw.sendall(noise)
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as raw_http:
            raw_http.putrequest("POST", "/v1/decisions")
            raw_http.putheader("content-type", "application/json")
            raw_http.putheader("content-length", "70000")
            raw_http.endheaders()  # the refusal comes before the body
            assert raw_http.getresponse().status == 413
        answer = client.post("/v1/decisions", json={"contact_id": "c", "channel": "voice"})
        assert answer.status_code == 200


def test_two_workers_share_the_port_the_log_and_the_figures(root: Path, home: Path) -> None:
    key = create_key(home, name="pbx", role="router")
    figures = create_key(home, name="lab", role="scientist")
    with server(root, home, CALLWORTH_WORKERS="2", CALLWORTH_HOST="0.0.0.0") as (_, client):
        client.headers["x-api-key"] = key
        for place in range(40):
            contact = {"contact_id": f"c-{place}", "channel": "voice", "from": examples.PHONE}
            with httpx.Client(base_url=client.base_url, headers=client.headers) as one:
                answer = one.post("/v1/decisions", json=contact)
                outcome = {
                    "decision_id": answer.json()["decision_id"], "offer_id": "term_life",
                    "accepted": False, "occurred_at": datetime.now(UTC).isoformat(),
                }  # fmt: skip
            with httpx.Client(base_url=client.base_url, headers=client.headers) as other:
                assert other.post("/v1/outcomes", json=outcome).status_code == 200
        wanted = 'callworth_decisions_total{source="strategy"} 40.0'
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:  # the other worker's figures follow within a second
            seen = client.get("/metrics", headers={"x-api-key": figures}).text
            if wanted in seen:
                break
            time.sleep(0.1)
        assert wanted in seen
    assert len(logged(home)) == 40


def test_without_keys_it_refuses_other_machines_and_says_what_to_do(root: Path, home: Path) -> None:
    script = (
        "from serving.run import serve; from serving.settings import Settings;"
        "serve(Settings.from_environment(host='0.0.0.0'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False,
        env=os.environ | {"CALLWORTH_HOME": str(home)},
    )  # fmt: skip
    assert done.returncode != 0
    assert "callworth keys create" in done.stderr


def test_the_answer_is_one_json_object_with_the_fields_of_the_guide(root: Path, home: Path) -> None:
    with server(root, home) as (_, client):
        text = client.post("/v1/decisions", json={"contact_id": "c", "channel": "voice"}).text
    guide = (root / "docs" / "http.md").read_text()
    assert all(f"`{name}`" in guide for name in json.loads(text))


def test_a_pause_reaches_every_worker_of_a_running_server(root: Path, home: Path) -> None:
    contact = {"contact_id": "c-1", "channel": "voice", "customer_id": "main-000081"}

    def asked(client: httpx.Client) -> dict[str, Any]:
        reply = client.post("/v1/decisions", json=contact, headers={"connection": "close"})
        assert reply.status_code == 200
        answer: dict[str, Any] = reply.json()
        return answer

    with server(root, home, CALLWORTH_WORKERS="2", CALLWORTH_HOLD_BACK_SHARE="0") as (_, client):
        assert asked(client)["handling"]["offers"][0]["present"]
        offers_ledger.change(
            home,
            offer_id="term_life",
            to=OfferState.PAUSED,
            by="ann",
            why="out of stock",
            now=datetime.now(UTC),
        )
        time.sleep(2 * CHECK_SECONDS)
        for _ in range(20):  # a new connection each, so that either worker answers
            answer = asked(client)
            assert not any(offer["present"] for offer in answer["handling"]["offers"])
            assert answer["why"] == "term_life is paused by marketing: out of stock."
