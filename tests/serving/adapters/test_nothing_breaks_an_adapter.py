"""Whatever a router sends, the answer is its own or a 4xx problem; and every router has a deadline.

This runs over every endpoint of the adapters: a new one is covered at once.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from serving import deadlines
from serving.adapters import desk
from serving.adapters.routes import ENDPOINTS
from serving.deadlines import Deadline
from serving.key_changes import create_key

Asking = Callable[..., None]
BY_KEY = [one for one in ENDPOINTS if one.use is not None]
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**70, 1e308, "", "x" * 500, "\x00", "é\u202e\r\nX: y", "+15550100", [], {},
    [[]], {"": ""}, {"a": {"b": None}}, "'; DROP TABLE x; --", "${jndi:ldap://x}", "VOICE",
)  # fmt: skip


def path_of(endpoint: Any) -> str:
    return str(endpoint.path).replace("{router}", "pbx")


def bent(draw: random.Random, value: Any) -> Any:
    """Return a value of which one part, at any depth, has gone odd or is missing."""
    if isinstance(value, dict) and value and draw.random() < 0.8:
        name = draw.choice(sorted(value))
        changed = dict(value)
        if draw.random() < 0.1:
            del changed[name]
        else:
            changed[name] = bent(draw, value[name])
        return changed
    if isinstance(value, list) and value and draw.random() < 0.8:
        return [bent(draw, value[0]), *value[1:]]
    return draw.choice(ODD)


@pytest.mark.parametrize("endpoint", BY_KEY, ids=lambda one: one.path)
def test_no_message_gets_a_5xx_and_every_200_is_whole(
    publish: Callable[..., str], routers: Callable[..., None], asking: Asking, endpoint: Any
) -> None:
    publish()
    routers()
    draw = random.Random(endpoint.path)
    sound = msgspec.to_builtins(endpoint.examples[0].request)

    async def test(ask: Any) -> None:
        answered = 0
        for _ in range(120):
            body = json.dumps(bent(draw, bent(draw, sound))).encode()
            if draw.random() < 0.1:
                body = body[: draw.randrange(len(body))]
            answer = await ask.client.post(
                path_of(endpoint), content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code < 500, (body, answer.text)
            if answer.status_code == 200:
                answered += 1
                kind = endpoint.answer
                assert msgspec.json.decode(answer.content, type=kind), body
            else:
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["detail"] and answer.json()["fix"]
        assert answered

    asking(test)


@pytest.mark.parametrize("endpoint", BY_KEY, ids=lambda one: one.path)
def test_the_same_message_twice_is_one_decision(
    publish: Callable[..., str], routers: Callable[..., None], asking: Asking, endpoint: Any
) -> None:
    publish()
    routers()
    message = msgspec.to_builtins(endpoint.examples[0].request)

    async def test(ask: Any) -> None:
        first = await ask.client.post(path_of(endpoint), json=message)
        again = await ask.client.post(path_of(endpoint), json=message)
        assert first.status_code == 200
        assert first.content == again.content

    asking(test)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.path)
def test_only_a_routers_key_or_twilios_signature_opens_it(
    home: Any, routers: Callable[..., None], asking: Asking, endpoint: Any
) -> None:
    routers()
    right = create_key(home, name="pbx", role="router")
    wrong = create_key(home, name="desk", role="marketing")

    async def test(ask: Any) -> None:
        async def status(**headers: str) -> int:
            if endpoint.use is None:
                form = {"content-type": "application/x-www-form-urlencoded"}
                sent = urlencode({"TaskSid": "WT1"})
                answer = await ask.client.post(
                    path_of(endpoint), content=sent, headers=form | headers
                )
            else:
                message = msgspec.to_builtins(endpoint.examples[0].request)
                answer = await ask.client.post(path_of(endpoint), json=message, headers=headers)
            return int(answer.status_code)

        signed = endpoint.use is None
        assert await status() == (403 if signed else 401)
        assert await status(**{"x-api-key": "cw_guess"}) == (403 if signed else 401)
        assert await status(**{"x-api-key": wrong}) == 403
        assert await status(**{"x-api-key": right}) == (403 if signed else 200)

    asking(test)


def test_a_clients_own_deadline_comes_after_the_messages_and_before_the_adapters(
    home: Any, routers: Callable[..., None], asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = create_key(home, name="pbx", role="router")
    routers("[clients.pbx]\ndeadline_ms = 2000\n\n[connect]\ndeadline_ms = 60000\n")
    event = msgspec.to_builtins(BY_KEY[0].examples[0].request)
    waited = []

    async def within(deadline: Deadline, work: Any) -> Any:
        waited.append(round(deadline.seconds * 1000))
        return await deadlines.within(deadline, work)

    monkeypatch.setattr(desk, "within", within)

    async def test(ask: Any) -> None:
        for place, told in enumerate((None, "1500")):
            event["Details"]["ContactData"]["ContactId"] = f"c-{place}"
            event["Details"]["Parameters"] = {"deadline_ms": told}
            await ask.client.post("/v1/adapters/connect", json=event, headers={"x-api-key": key})
        assert waited == [2000, 1500]

    asking(test)
