"""What a server tells its operator (standard error, metrics) names no caller, whatever is asked."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipelines.running import LOOPBACK, free_port, server
from routing.strategy_index import ContactDetails
from routing.strategy_writer import StrategyWriter
from serving import examples

# As a caller would be known by: none of these may be heard of.
PERSON = {
    "number": "+15557774242",
    "digits": "5557774242",
    "name": "Quirina Zabaglione",
    "street": "17 Vexillology Crescent",
    "customer": "cust-qz-4242",
    "contact": "call-of-quirina-4242",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home, now = tmp_path / "home", datetime.now(UTC)
    strategy = msgspec.structs.replace(
        examples.STRATEGY,
        customer_id=PERSON["customer"],
        formed_at=now,
        expires_at=now + timedelta(days=1),
    )
    details = ContactDetails(
        phones=(PERSON["number"],), name=PERSON["name"], street=PERSON["street"], postcode="01101"
    )
    with StrategyWriter(
        home / "strategies", model_set="17", formed_at=now, defaults=[examples.DEFAULTS]
    ) as writer:
        writer.add([(strategy, details)])
        writer.publish()
    return home


def bodies() -> Iterator[tuple[str, bytes]]:
    """Yield paths and bodies, right ones and wrong ones, all of which name the person."""
    answers = {"name": PERSON["name"], "street": PERSON["street"], "postcode": "01101"}
    right: dict[str, Any] = {
        "contact_id": PERSON["contact"], "channel": "voice", "from": PERSON["number"],
        "customer_id": PERSON["customer"], "answers": answers, "deadline_ms": 1,
    }  # fmt: skip
    wrong: list[dict[str, Any]] = [
        {"from": int(PERSON["digits"])},
        {"channel": PERSON["name"]},
        {PERSON["name"]: PERSON["street"]},
        {"answers": {"reason": PERSON["street"]}},
        {"answers": [PERSON["name"]]},
        {"partner": PERSON["name"]},
        {"customer_id": None},
        {"customer_id": PERSON["name"]},
        {"customer_id": None, "from": None},
        {"features": {PERSON["name"]: PERSON["street"]}},
        {"events": [{"kind": "enquiry", "detail": PERSON["street"]}]},
        {"contact_id": PERSON["contact"] * 20},
    ]
    for changed in ({}, *wrong):
        body = json.dumps(right | changed).encode()
        for path in ("/v1/decisions", "/v1/predictions", "/v1/adapters/genesys"):
            yield path, body
    yield "/v1/decisions", json.dumps(right).encode()[:-9]
    yield "/v1/decisions", f'"{PERSON["name"]}"'.encode()
    yield "/v1/decisions", PERSON["street"].encode("utf-16")
    yield "/v1/outcomes", json.dumps({"decision_id": PERSON["name"], "offer_id": "x"}).encode()
    yield f"/v1/{PERSON['customer']}", b"{}"


def asked(address: str, body: bytes | None = None) -> bytes:
    headers = {"content-type": "application/json", "x-name": PERSON["name"]}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.read()


def test_neither_standard_error_nor_the_metrics_name_a_caller(home: Path, tmp_path: Path) -> None:
    port, log = free_port(0), tmp_path / "said.txt"
    base = f"http://{LOOPBACK}:{port}"
    arguments = ["pipelines.cli", "serve", "--home", str(home), "--port", str(port)]
    with server(arguments, ready=f"{base}/health/live", log=log):
        first = json.loads(asked(f"{base}/v1/decisions", next(bodies())[1]))
        assert first["customer"]["customer_id"] == PERSON["customer"]
        for path, body in bodies():
            asked(f"{base}{path}", body)
        asked(f"{base}/v1/strategies/{PERSON['customer']}")
        asked(f"{base}/offers/{PERSON['customer']}?sort={PERSON['digits']}")
        for broken in (home / "strategies").glob("*"):
            broken.write_bytes(b"broken" + PERSON["customer"].encode()[:4])
        asked(f"{base}/health/ready")
        for path, body in bodies():
            asked(f"{base}{path}", body)
        metrics = asked(f"{base}/metrics").decode()
    said = log.read_text()
    assert "callworth_decisions_total" in metrics and "Callworth answers" in said
    named = {
        kind: where
        for kind, text in PERSON.items()
        for where, found in (("standard error", said), ("metrics", metrics))
        if text.lower() in found.lower()
    }
    assert not named, said[-3000:]
