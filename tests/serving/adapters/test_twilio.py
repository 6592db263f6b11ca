"""Twilio TaskRouter: a task's attributes, and the call-backs with the fields that Twilio documents.

The fields are those of "Handling Assignment Callbacks" and "Event Callbacks" of its guide.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from serving import examples

Asking = Callable[..., None]
PATH = "/v1/adapters/twilio"
CALL_SID = "CA42ed11f93dc08b952027ffbc406d0868"
TASK: dict[str, Any] = {
    "id": CALL_SID,
    "task_channel": "voice",
    "from": examples.PHONE,
    "to": "+15550199",
    "attributes": {"call_sid": CALL_SID, "reason": "quote", "languages": ["en", {"level": 3}]},
}
ATTRIBUTES = {
    "from_country": "US",
    "called": "+15550199",
    "from": examples.PHONE,
    "to": "+15550199",
    "call_sid": CALL_SID,
    "direction": "inbound",
}
RESERVED = {
    "AccountSid": "AC25e16e9a716a4a1786a7c83f58e30482",
    "WorkspaceSid": "WS9f8b2e5b1c3d4e5f60718293a4b5c6d7",
    "WorkflowSid": "WW8f8b2e5b1c3d4e5f60718293a4b5c6d7",
    "TaskQueueSid": "WQ7f8b2e5b1c3d4e5f60718293a4b5c6d7",
    "WorkerSid": "WK6f8b2e5b1c3d4e5f60718293a4b5c6d7",
    "WorkerAttributes": '{"contact_uri": "client:alice", "skills": ["life"]}',
    "TaskSid": "WT5f8b2e5b1c3d4e5f60718293a4b5c6d7",
    "ReservationSid": "WR4f8b2e5b1c3d4e5f60718293a4b5c6d7",
    "TaskAge": "12",
    "TaskPriority": "99",
    "TaskChannelUniqueName": "voice",
    "TaskAttributes": json.dumps(ATTRIBUTES),
}


def sign(path: str, fields: dict[str, str], *, token: str = "12345") -> str:
    """Return the signature as the guide says: the address, then names and values in order."""
    text = f"https://pbx.example.com{path}" + "".join(f"{k}{fields[k]}" for k in sorted(fields))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


async def call_back(ask: Any, path: str, fields: dict[str, str], **headers: str) -> Any:
    sent = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": sign(path, fields),
    }
    return await ask.client.post(path, content=urlencode(fields), headers=sent | headers)


def test_a_task_gets_the_attributes_that_a_workflow_filters_on(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        told = (await ask.client.post(PATH, json=TASK)).json()
        found = told["attributes"]["callworth"]
        assert (found["queue"], found["source"], found["offer"]) == (
            "sales_first", "strategy", "term_life",
        )  # fmt: skip
        assert (found["fallbacks"], found["fallback_after_seconds"]) == (["sales_any"], [45])
        assert told["priority"] == 99
        assert all(re.fullmatch("[a-z_]+", name) for name in found)

    asking(test)


def test_a_less_urgent_route_has_a_lower_number_and_none_is_below_zero(
    publish: Callable[..., str], asking: Asking, a_strategy: Callable[..., Any]
) -> None:
    route = type(examples.STRATEGY.route)("q", 500, {}, None, ())
    publish([(a_strategy(route=route), examples.DETAILS)])

    async def test(ask: Any) -> None:
        assert (await ask.client.post(PATH, json=TASK)).json()["priority"] == 0

    asking(test)


@pytest.mark.parametrize(
    "changed",
    [
        {"task_channel": "sms", "from": None},
        {"task_channel": "hologram"},
        {"attributes": {}},
        {"attributes": {"from": 15550100, "deadline_ms": True, "reason": ["quote"]}},
        {"attributes": {"customer_id": {"$ne": None}}},
        {"attributes": {"name": "x" * 20_000}},
        {"from": None, "attributes": {"from": examples.PHONE}},
        {"from": "client:alice"},
    ],
)
def test_odd_but_whole_tasks_get_attributes(
    publish: Callable[..., str], asking: Asking, changed: dict[str, Any]
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=TASK | changed)
        assert answer.status_code == 200, answer.text
        assert answer.json()["attributes"]["callworth"]["queue"]

    asking(test)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"from": "9" * 401}, "from"),
        ({"attributes": []}, "attributes"),
    ],
)
def test_a_task_that_cannot_be_meant_is_refused(
    asking: Asking, changed: dict[str, Any], field: str
) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=TASK | changed)
        assert (answer.status_code, answer.json()["field"]) == (422, field)

    asking(test)


def test_a_call_is_dequeued_to_its_worker(routers: Callable[..., None], asking: Asking) -> None:
    routers()

    async def test(ask: Any) -> None:
        answer = await call_back(ask, f"{PATH}/assignment", RESERVED)
        assert answer.status_code == 200
        assert answer.json() == {"instruction": "dequeue", "from": "+15550199"}

    asking(test)


@pytest.mark.parametrize(
    "changed",
    [
        {"TaskChannelUniqueName": "chat"},
        {"TaskAttributes": "{}"},
        {"TaskAttributes": ""},
        {"TaskAttributes": "not JSON"},
        {"TaskAttributes": "[" * 5_000},
        {"TaskAttributes": "[1, 2]"},
        {"TaskAttributes": '{"to": "\\ud800"}'},
    ],
)
def test_any_other_task_is_accepted_whatever_its_attributes(
    routers: Callable[..., None], asking: Asking, changed: dict[str, str]
) -> None:
    routers()

    async def test(ask: Any) -> None:
        answer = await call_back(ask, f"{PATH}/assignment", RESERVED | changed)
        # Non-empty JSON without an instruction would be Twilio's error 40005.
        assert (answer.status_code, answer.json()) == (200, {"instruction": "accept"})

    asking(test)


def test_an_event_is_answered_204_without_a_body(
    routers: Callable[..., None], asking: Asking
) -> None:
    routers()

    async def test(ask: Any) -> None:
        fields = {"EventType": "reservation.accepted", "TaskSid": RESERVED["TaskSid"], "Empty": ""}
        answer = await call_back(ask, f"{PATH}/events", fields)
        assert (answer.status_code, answer.content) == (204, b"")

    asking(test)


@pytest.mark.parametrize("path", [f"{PATH}/assignment", f"{PATH}/events"])
@pytest.mark.parametrize(
    "headers",
    [
        {"x-twilio-signature": ""},
        {"x-twilio-signature": sign(PATH, RESERVED)},  # of another address
        {"x-twilio-signature": sign(f"{PATH}/assignment", RESERVED, token="54321")},
        {"x-twilio-signature": "é"},
        {"x-twilio-webhooks-signature-settings": "algorithm=none"},
    ],
)
def test_what_twilio_did_not_sign_is_refused_and_counted(
    routers: Callable[..., None], asking: Asking, path: str, headers: dict[str, str]
) -> None:
    routers()

    async def test(ask: Any) -> None:
        sent = {name: value.encode("utf-8") for name, value in headers.items()}
        answer = await call_back(ask, path, RESERVED, **sent)
        assert answer.status_code == 403
        assert answer.json()["field"] == "x-twilio-signature"
        assert "12345" not in answer.text
        labels = {"endpoint": "twilio", "status": "403"}
        seen = ask.parts.metrics.registry.get_sample_value("callworth_problems_total", labels)
        assert seen == 1.0

    asking(test)


def test_the_query_is_signed_too(routers: Callable[..., None], asking: Asking) -> None:
    routers()

    async def test(ask: Any) -> None:
        signed = f"{PATH}/assignment?pool=a%20b"
        assert (await call_back(ask, signed, RESERVED)).status_code == 200
        other = {"x-twilio-signature": sign(signed, RESERVED)}
        path = f"{PATH}/assignment?pool=c"
        assert (await call_back(ask, path, RESERVED, **other)).status_code == 403

    asking(test)


def test_without_settings_the_call_backs_are_not_there(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await call_back(ask, f"{PATH}/assignment", RESERVED)
        assert answer.status_code == 404
        assert "[twilio]" in answer.json()["fix"]

    asking(test)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 415),
        (b"a=1&" * 201, "application/x-www-form-urlencoded", 422),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe=%ff", "application/x-www-form-urlencoded", 403),
    ],
)
def test_a_form_that_twilio_would_not_send_is_refused(
    routers: Callable[..., None], asking: Asking, content: bytes, kind: str, status: int
) -> None:
    routers()

    async def test(ask: Any) -> None:
        headers = {"content-type": kind, "x-twilio-signature": "x"}
        answer = await ask.client.post(f"{PATH}/events", content=content, headers=headers)
        assert answer.status_code == status

    asking(test)
