"""Whichever worker is scraped, the figures are those of all that live."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.running import free_port, server
from serving.stages import EVERY
from tests.formed_sets import form_set

WORKERS = 2
PATIENCE_SECONDS = 60.0


def _figures(client: httpx.Client) -> dict[str, float]:
    """Return the samples of one scrape by name, summed over labels."""
    summed: dict[str, float] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            summed[sample.name] = summed.get(sample.name, 0.0) + sample.value
    return summed


def _until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < until, "it did not come to be in time"
        time.sleep(0.2)


def _workers_of(process: int) -> list[int]:
    """Return the processes that answer: the children that multiprocessing spawned."""
    found = []
    for child in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((child / "stat").read_text().rpartition(")")[2].split()[1])
            command = (child / "cmdline").read_text()
        except OSError:
            continue
        if parent == process and "spawn_main" in command:
            found.append(int(child.name))
    return found


@pytest.mark.slow
def test_a_scrape_shows_all_workers_and_no_dead_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    label = form_set(home).label
    port = free_port(0)
    monkeypatch.setenv("CALLWORTH_HOME", str(home))
    monkeypatch.setenv("CALLWORTH_WORKERS", str(WORKERS))
    address = f"http://127.0.0.1:{port}"
    arguments = ["pipelines.cli", "serve", "--port", str(port)]
    with server(arguments, ready=f"{address}/health/live", log=tmp_path / "said.txt") as process:
        asked = 2 * WORKERS * EVERY
        for number in range(asked):
            body = {"contact_id": f"k{number}", "channel": "voice", "customer_id": "c00001"}
            httpx.post(f"{address}/v1/decisions", json=body).raise_for_status()
        with httpx.Client(base_url=address) as client:
            _until(lambda: _figures(client).get("callworth_log_written") == asked)
            # Plain counts of every worker are handed over once a second.
            _until(lambda: _figures(client).get("callworth_decisions_total") == asked)
            found = _figures(client)
            assert WORKERS <= found["callworth_stage_seconds_count"] / 4 <= 2 * WORKERS
            assert found["callworth_in_force"] == 1.0  # the same by every worker
            assert f'strategy_set="{label}"' in client.get("/metrics").text
        first = _workers_of(process.pid)[0]
        os.kill(first, signal.SIGKILL)
        _until(lambda: not Path("/proc", str(first)).exists())
        _until(lambda: _answers(address))
        with httpx.Client(base_url=address) as client:
            _until(lambda: _figures(client).get("callworth_in_force") == 1.0)
            left = _figures(client)
            assert left["callworth_decisions_total"] == asked  # counts outlive their worker
            assert left["callworth_log_written"] < asked  # and its gauges do not


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/live").status_code == 200
    except httpx.HTTPError:
        return False
