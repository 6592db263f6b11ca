from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from routing.in_force import InForce
from routing.open_set import OpenSet
from routing.quick import Quick
from serving import examples

NOW = examples.NOW
Publish = Callable[..., str]
Asking = Callable[..., None]


def test_the_first_example_of_the_api_page_is_a_real_answer(
    publish: Publish, asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        body = msgspec.json.encode(examples.CONTACT)
        answer = await ask.client.post(
            "/v1/decisions", content=body, headers={"content-type": "application/json"}
        )
        shown = json.loads(msgspec.json.encode(examples.DECISION))
        got = answer.json()
        assert answer.status_code == 200
        assert got.pop("decision_id") and shown.pop("decision_id")
        assert got == shown

    asking(test, hold_back_share=0.05)


def test_without_a_strategy_set_the_answer_is_the_second_example(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post(
            "/v1/decisions",
            content=msgspec.json.encode(examples.STRANGER),
            headers={"content-type": "application/json"},
        )
        assert answer.json() == json.loads(msgspec.json.encode(examples.DECISIONS[1].answer))

    asking(test)


@pytest.mark.parametrize(
    ("contact", "by"),
    [
        ({"customer_id": "main-000081"}, "customer_id"),
        ({"from": "(555) 0100-000"}, None),
        ({"from": "+1 555 0100"}, "phone"),
        ({"answers": {"name": "ada moore", "postcode": "01101"}}, "answers"),
        ({"answers": {"name": "ada moore", "mood": "cheerful"}}, None),
        ({"from": "anonymous"}, None),
        ({}, None),
    ],
)
def test_a_caller_is_known_by_id_phone_or_two_answers(
    publish: Publish, asking: Asking, contact: dict[str, Any], by: str | None
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = (await ask.decide(partner="main", **contact)).json()
        assert (answer["customer"] or {}).get("identified_by") == by
        assert answer["source"] == ("strategy" if by else "default")
        assert (answer["why"] is None) == (by is not None)
        assert answer["route"]["queue"]

    asking(test)


def test_an_expired_strategy_gives_the_default_of_the_stage(
    publish: Publish, asking: Asking, a_strategy: Callable[..., Any]
) -> None:
    publish([(a_strategy(expires_at=NOW - timedelta(minutes=1)), examples.DETAILS)])

    async def test(ask: Any) -> None:
        answer = (await ask.decide(customer_id="main-000081")).json()
        assert answer["source"] == "profile"
        assert "expired" in answer["why"]
        assert answer["route"]["queue"]

    asking(test)


def test_an_unknown_partner_gets_a_route_and_hears_which_there_are(
    publish: Publish, asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = (await ask.decide(partner="mian", customer_id="main-000081")).json()
        assert answer["source"] == "default"
        assert "main" in answer["why"]

    asking(test)


def test_a_damaged_strategy_file_gives_the_default_answer(
    publish: Publish, asking: Asking, home: Path
) -> None:
    label = publish()
    file = home / "strategies" / f"strategies-{label}.sqlite"
    size = file.stat().st_size
    file.write_bytes(b"\x00" * size)

    async def test(ask: Any) -> None:
        answer = await ask.decide(customer_id="main-000081")
        assert answer.status_code == 200
        assert answer.json()["source"] == "default"
        assert answer.json()["why"]
        ready = (await ask.client.get("/health/ready")).json()
        assert any("strategies" in trouble for trouble in ready["degraded"])

    asking(test)


def test_a_strategy_folder_that_vanishes_leaves_a_default_answer(
    publish: Publish, asking: Asking, home: Path
) -> None:
    publish()

    async def test(ask: Any) -> None:
        assert (await ask.decide(customer_id="main-000081")).json()["source"] == "strategy"
        shutil.rmtree(home / "strategies")
        ask.parts.following.look()
        answer = await ask.decide(customer_id="main-000081")
        assert answer.status_code == 200
        assert answer.json()["source"] == "default"

    asking(test)


class Broken:
    """A set that fails in a way nobody foresaw."""

    label = "2026-11-22.9"
    header = SimpleNamespace(partners=(), offers={}, cuts={})

    def __getattr__(self, name: str) -> None:
        raise ZeroDivisionError("no such luck")


def test_whatever_breaks_behind_the_answer_there_is_a_route_and_it_is_counted(
    asking: Asking,
) -> None:
    async def test(ask: Any) -> None:
        ask.parts.following.answering = Quick(InForce(strategies=cast(OpenSet, Broken())))
        answer = await ask.decide(customer_id="main-000081")
        assert answer.status_code == 200
        assert answer.json()["route"]["queue"]
        assert "could not be used" in answer.json()["why"]
        figures = (await ask.client.get("/metrics")).text
        assert "callworth_decision_failures_total 1.0" in figures

    asking(test)


def test_a_held_back_contact_is_offered_nothing_and_the_share_is_told(
    publish: Publish, asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = (await ask.decide(customer_id="main-000081")).json()
        assert (answer["arm"], answer["probability"]) == ("off", 1.0)
        assert not any(offer["present"] for offer in answer["handling"]["offers"])

    asking(test, hold_back_share=1.0)


def test_a_new_strategy_set_is_served_without_a_restart(
    publish: Publish, asking: Asking, a_strategy: Callable[..., Any]
) -> None:
    publish(label="2026-11-21.1")

    async def test(ask: Any) -> None:
        first = (await ask.decide(customer_id="main-000081")).json()
        publish([(a_strategy(value_group="second"), examples.DETAILS)], label="2026-11-22.1")
        ask.parts.following.look()
        second = (await ask.decide(customer_id="main-000081")).json()
        assert [first["strategy_set"], second["strategy_set"]] == ["2026-11-21.1", "2026-11-22.1"]
        assert second["value_group"] == "second"

    asking(test)


@pytest.mark.parametrize(
    ("body", "status", "field", "hint"),
    [
        (b"", 400, None, "not JSON"),
        (b"{", 400, None, "not JSON"),
        (b"\xff", 400, None, ""),
        (b"[]", 422, None, "object"),
        (b'"x"', 422, None, "object"),
        (b"{}", 422, "contact_id", "missing"),
        (b'{"contact_id": "c"}', 422, "channel", "missing"),
        (b'{"contact_id": 7, "channel": "voice"}', 422, "contact_id", "str"),
        (b'{"contact_id": "", "channel": "voice"}', 422, "contact_id", "length"),
        (b'{"contact_id": "c", "channel": "vioce"}', 422, "channel", "Was 'voice' meant?"),
        (b'{"contact_id": "c", "channel": "voice", "form": "x"}', 422, "form", "Was 'from' meant?"),
        (
            b'{"contact_id": "c", "channel": "voice", "deadline_ms": 0}',
            422,
            "deadline_ms",
            "at least 1",
        ),
        (
            b'{"contact_id": "c", "channel": "voice", "answers": {"reason": "quotes"}}',
            422,
            "answers.reason",
            "Was 'quote' meant?",
        ),
        (b'{"a": ' + b"[" * 60_000, 422, "a", ""),
        (
            b'{"contact_id": "c", "channel": "voice", "answers": {"x": ' + b"[" * 60_000,
            400,
            None,
            "",
        ),
    ],
)
def test_a_malformed_body_is_refused_by_the_name_of_its_field(
    asking: Asking, body: bytes, status: int, field: str | None, hint: str
) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post(
            "/v1/decisions", content=body, headers={"content-type": "application/json"}
        )
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, problem["status"], problem.get("field")) == (
            status,
            status,
            field,
        )
        assert hint in f"{problem['detail']} {problem['fix']} {problem.get('allowed')}"

    asking(test)


def test_an_address_that_is_no_number_is_fine_where_nobody_telephones(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.decide(channel="email", **{"from": "ada@example.org"})
        assert answer.status_code == 200

    asking(test)


def test_a_body_over_64_kib_is_refused_however_it_is_sent(asking: Asking) -> None:
    async def parts() -> Any:
        for _ in range(70):
            yield b" " * 1024

    async def test(ask: Any) -> None:
        whole = await ask.client.post(
            "/v1/decisions", content=b" " * 70_000, headers={"content-type": "application/json"}
        )
        in_parts = await ask.client.post(
            "/v1/decisions", content=parts(), headers={"content-type": "application/json"}
        )
        assert (whole.status_code, in_parts.status_code) == (413, 413)

    asking(test)


def test_a_body_that_is_not_called_json_is_refused_with_the_header_to_send(
    asking: Asking,
) -> None:
    async def test(ask: Any) -> None:
        form = await ask.client.post("/v1/decisions", data={"contact_id": "c"})
        packed = await ask.client.post(
            "/v1/decisions",
            content=b"{}",
            headers={"content-type": "application/json", "content-encoding": "gzip"},
        )
        assert (form.status_code, packed.status_code) == (415, 415)
        assert "content-type: application/json" in form.json()["fix"]

    asking(test)


def test_another_method_and_another_path_are_problems_too(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        for path in ("/v1/decisions", "/v1/predictions", "/v1/outcomes"):
            answer = await ask.client.get(path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
            assert answer.json()["allowed"] == ["POST"]
        missing = await ask.client.get("/v1/nothing")
        assert (missing.status_code, missing.json()["status"]) == (404, 404)

    asking(test)


@pytest.mark.parametrize(
    "address",
    ["sip:anonymous@anonymous.invalid", '"Anonymous" <sip:anonymous@x.invalid>', "5", "hello"],
)
def test_an_address_without_a_number_identifies_nobody_and_gets_a_route(asking, address) -> None:
    async def test(asker):
        answer = await asker.client.post(
            "/v1/decisions", json={"contact_id": "c", "channel": "voice", "from": address}
        )
        assert answer.status_code == 200
        assert answer.json()["source"] == "default"
        assert answer.json()["route"]["queue"]

    asking(test)


def test_a_trailing_slash_is_a_problem_and_no_redirect(asking) -> None:
    async def test(asker):
        answer = await asker.client.post(
            "/v1/decisions/", json={"contact_id": "c", "channel": "voice"}
        )
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"

    asking(test)
