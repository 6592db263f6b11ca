"""The AWS Lambda function for Amazon Connect, against a real server and against none."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from examples.connect.lambda_handler import MARGIN_MS, lambda_handler, routing_handler
from pipelines.running import LOOPBACK, free_port, server
from serving.adapters.connect_event import EXAMPLE

EVENT: dict[str, Any] = msgspec.to_builtins(EXAMPLE)


class Context:
    """What AWS Lambda hands over beside the event, as far as the function reads it."""

    def __init__(self, left_ms: int) -> None:
        self._left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        return self._left_ms


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("function")
    address = f"http://{LOOPBACK}:{free_port(0)}"
    command = ["pipelines.cli", "serve", "--home", str(folder / "home")]
    started = [*command, "--port", address.rpartition(":")[2]]
    with server(started, ready=f"{address}/health/live", log=folder / "server.txt"):
        yield address


def test_the_flow_gets_what_the_server_answers(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWORTH_URL", f"{address}/")
    event = copy.deepcopy(EVENT)
    flat = lambda_handler(event, Context(5_000))
    assert (flat["queue"], flat["source"]) == ("service_any", "default")  # nothing is published
    assert routing_handler(event, None)["routing"] == {"QueuePriority": 2}
    assert event == EVENT  # it may be called again with the same event


@pytest.mark.parametrize("event", [EVENT, {"Details": {"ContactData": {}}}, {"Details": {}}])
def test_without_an_answer_the_flow_is_told_so_in_time(
    event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLWORTH_URL", f"http://{LOOPBACK}:{free_port(0)}")
    begun = time.monotonic()
    answer = lambda_handler(event, Context(2_000 + MARGIN_MS))
    assert answer["queue"] == "" and answer["source"] == "none"
    assert time.monotonic() - begun < 2.0 + MARGIN_MS / 1000


def test_a_refusal_is_no_decision_either(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLWORTH_URL", address)
    assert lambda_handler({"Details": {"ContactData": {}}}, None)["source"] == "none"
