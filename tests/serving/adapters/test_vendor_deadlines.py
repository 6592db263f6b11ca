"""While nothing can be decided, each router still has its default before its own time-out."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from routing.answer import Decision
from routing.contact import Contact
from routing.in_force import NOTHING_IN_FORCE, InForce
from serving import examples
from serving.adapters.opening import open_desk
from serving.adapters.routers_file import read_routers
from serving.adapters.routes import ENDPOINTS, build_adapters
from serving.identity import KeyRing
from serving.metrics import new_metrics

# Amazon Connect waits 3 s for a function by default, Genesys 5 s for a score; an assignment
# call-back of Twilio's, 5 s. Kamailio and others wait as they are configured: here 2 s.
WAITS_SECONDS = {"connect": 3.0, "twilio": 5.0, "genesys": 5.0, "kamailio": 2.0, "json": 2.0}
BY_KEY = [one for one in ENDPOINTS if one.use is not None]


class Hanging:
    """A decider that hangs, as over a disk that does not answer."""

    def __init__(self) -> None:
        self.end = threading.Event()

    def answer(
        self, contact: Contact, *, now: datetime, in_force: InForce | None = None
    ) -> Decision:
        self.end.wait(60)
        return examples.DECISION


class Nothing:
    in_force = NOTHING_IN_FORCE


class NoLog:
    def add(self, decision: Any) -> bool:
        return True


def test_every_router_has_its_default_before_its_own_time_out(
    home: Path, tmp_path: Path, routers: Callable[..., None]
) -> None:
    routers(
        """
        kamailio = { default = "sip:default@127.0.0.1:5060", deadline_ms = 2000 }
        [json.pbx]
        contact = { contact_id = "call.id" }
        constants = { channel = "voice" }
        answer = { queue = "route.queue", why = "why", source = "source" }
        deadline_ms = 2000
        """
    )
    hanging, metrics, app = Hanging(), new_metrics(), FastAPI()
    found = read_routers(home)
    desk = open_desk(
        hanging,
        Nothing(),
        routers=found,
        log=NoLog(),
        shared_file=tmp_path / "answered.sqlite",
        registry=metrics.registry,
        clock=lambda: examples.NOW,
    )
    keys = KeyRing(tmp_path / "keys.toml", loopback=True)
    app.include_router(build_adapters(desk, found, keys=keys, metrics=metrics))

    async def ask(client: httpx.AsyncClient, endpoint: Any) -> tuple[str, float, str]:
        message = msgspec.to_builtins(endpoint.examples[0].request)
        path = endpoint.path.replace("{router}", "pbx")
        begun = time.monotonic()
        if "connect" in path:  # what it says itself would come before its usual time
            message["Details"]["Parameters"] = {}
        answer = await client.post(path, json=message)
        assert answer.status_code == 200
        return path.split("/")[3], time.monotonic() - begun, answer.text

    async def run() -> list[tuple[str, float, str]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            found = await asyncio.gather(*(ask(client, one) for one in BY_KEY))
        hanging.end.set()
        return found

    answers = asyncio.run(run())
    assert {name for name, _, _ in answers} == set(WAITS_SECONDS)
    for name, seconds, text in answers:
        assert seconds < WAITS_SECONDS[name], name
        assert "default" in text or "not ready" in text, text
    names = {"connect": 1.0, "twilio": 1.0, "genesys": 1.0, "kamailio": 1.0, "json_pbx": 1.0}
    for name, least in names.items():
        labels = {"adapter": name, "kept": "timed_out"}
        counted = metrics.registry.get_sample_value("callworth_adapter_answers_total", labels)
        assert (counted or 0.0) >= least
        late = {"adapter": name}
        assert not metrics.registry.get_sample_value("callworth_adapter_answers_late_total", late)


@pytest.mark.parametrize("milliseconds", [1, 50])
def test_a_deadline_that_has_passed_already_still_gets_an_answer(
    milliseconds: int, routers: Callable[..., None], asking: Callable[..., None]
) -> None:
    routers()

    async def test(ask: Any) -> None:
        call = {"call_id": "c", "from": "anonymous", "said": {"deadline_ms": str(milliseconds)}}
        answer = await ask.client.post("/v1/adapters/kamailio", json=call)
        assert answer.json()["routes"][-1]["uri"] == "sip:default@127.0.0.1:5073"

    asking(test)
