"""Any router with JSON of its own: mapped in and out by a table, whatever it nests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from serving import examples

Asking = Callable[..., None]
PATH = "/v1/adapters/json/pbx"
MESSAGE: dict[str, Any] = {
    "call": {"id": "c-81", "ani": examples.PHONE, "legs": [1, 2]},
    "menu": [{"choice": "quote"}, {"choice": "agent"}],
    "version": 3,
}


def test_a_nested_message_gets_a_nested_answer(
    publish: Callable[..., str], routers: Callable[..., None], asking: Asking
) -> None:
    publish()
    routers()

    async def test(ask: Any) -> None:
        told = (await ask.client.post(PATH, json=MESSAGE)).json()
        assert told["target"] == {"queue": "sales_first", "priority": 1}
        assert told["offer"] == "term_life"
        assert len(told["ref"]) == 32

    asking(test)


def test_its_own_words_for_channels_are_understood(
    routers: Callable[..., None], asking: Asking
) -> None:
    routers(
        """
        [json.pbx]
        channels = { phone = "voice", web = "chat" }
        contact = { contact_id = "id", channel = "kind" }
        answer = { q = "route.queue", odd = "handling.offers.0.offer_id" }
        """
    )

    async def test(ask: Any) -> None:
        for kind in ("phone", "web", "voice", "EMAIL"):
            answer = await ask.client.post(PATH, json={"id": kind, "kind": kind})
            assert answer.status_code == 200, answer.text
            assert answer.json() == {"q": "service_any", "odd": None}
        refused = await ask.client.post(PATH, json={"id": "c", "kind": "pigeon"})
        assert refused.status_code == 422
        assert refused.json()["field"] == "kind"
        assert {"phone", "web", "voice"} <= set(refused.json()["allowed"])
        assert (await ask.client.post(PATH, json={"id": "c"})).status_code == 422

    asking(test)


@pytest.mark.parametrize(
    "changed",
    [
        {"menu": []},
        {"menu": {"0": {"choice": "quote"}}},
        {"menu": "quote"},
        {"menu": [{"choice": ["quote"]}]},
        {"menu": [None]},
        {"call": {"id": 81, "ani": 15550100}},
        {"call": {"id": "c", "ani": None}},
        {"call": {"id": "c", "ani": {"n": 1}}},
        {"call": {"id": " c ", "ani": "9" * 5_000}},
        {"x" * 500: {"y": [[[[]]]]}},
    ],
)
def test_odd_but_whole_messages_get_a_route(
    publish: Callable[..., str],
    routers: Callable[..., None],
    asking: Asking,
    changed: dict[str, Any],
) -> None:
    publish()
    routers()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=MESSAGE | changed)
        assert answer.status_code == 200, answer.text
        assert answer.json()["target"]["queue"]

    asking(test)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"call": {}},
        {"call": {"id": ""}},
        {"call": {"id": True}},
        {"call": {"id": "x" * 201}},
        {"call": [{"id": "c"}]},
        [],
        "call",
        None,
    ],
)
def test_a_message_without_an_id_is_refused_by_the_routers_own_name(
    routers: Callable[..., None], asking: Asking, wrong: Any
) -> None:
    routers()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(
            PATH, content=json.dumps(wrong), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 422
        if isinstance(wrong, dict):
            assert answer.json()["field"] == "call.id"

    asking(test)


@pytest.mark.parametrize("name", ["pbxx", "..", "pbx%2f..", "%00", "a" * 3_000])
def test_a_router_that_is_not_named_is_a_404_with_the_names(
    routers: Callable[..., None], asking: Asking, name: str
) -> None:
    routers()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(f"/v1/adapters/json/{name}x", json=MESSAGE)
        assert answer.status_code == 404
        answer = await ask.client.post("/v1/adapters/json/pbxx", json=MESSAGE)
        assert answer.json()["allowed"] == ["pbx"]
        assert "'pbx' meant" in answer.json()["fix"]

    asking(test)
