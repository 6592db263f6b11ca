"""Kamailio: a call in, an rtjson document out, with no address or header of anybody else's making.

The document's fields are those of the rtjson module's documentation (version 5.6).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from routing.answer import ShownFallback, ShownRoute
from serving import examples
from serving.adapters.kamailio import SipCall, as_rtjson
from serving.adapters.routers_file import KamailioSettings

Asking = Callable[..., None]
PATH = "/v1/adapters/kamailio"
CALL: dict[str, Any] = {"call_id": "a84b4c76e66710@pbx", "from": examples.PHONE, "to": "+15550199"}
SETTINGS = KamailioSettings(
    default="sip:default@127.0.0.1:5073",
    queues={"a": "sip:a@127.0.0.1:5071", "b": "sip:b@127.0.0.1:5072", "c": "sip:b@127.0.0.1:5072"},
)


def document(queue: str, *fallbacks: tuple[str, int], **changed: Any) -> Any:
    """Return the routes for a queue and its fallbacks, as Kamailio reads them."""
    shown = tuple(ShownFallback(*one) for one in fallbacks)
    route = ShownRoute(queue, 1, {}, None, shown)
    decision = msgspec.structs.replace(examples.DECISION, route=route, **changed)
    call = msgspec.convert(CALL, SipCall)
    return msgspec.to_builtins(as_rtjson(decision, call, settings=SETTINGS))


def test_the_document_is_what_the_module_reads(
    publish: Callable[..., str], routers: Callable[..., None], asking: Asking
) -> None:
    publish()
    routers()

    async def test(ask: Any) -> None:
        told = (await ask.client.post(PATH, json=CALL)).json()
        assert (told["version"], told["routing"]) == ("1.0", "serial")
        assert [one["uri"] for one in told["routes"]] == [
            "sip:first@127.0.0.1:5071",
            "sip:second@127.0.0.1:5072",
            "sip:default@127.0.0.1:5073",
        ]
        first = told["routes"][0]
        assert (first["fr_timer"], first["fr_inv_timer"]) == (2_000, 45_000)
        lines = first["headers"]["extra"].split("\r\n")
        assert lines[-1] == ""
        headers = dict(line.split(": ", 1) for line in lines[:-1])
        assert headers["X-Route-Queue"] == "sales_first"
        assert headers["X-Route-Source"] == "strategy"
        assert headers["X-Route-Offer"] == "term_life"
        assert len(headers["X-Route-Decision"]) == 32

    asking(test)


@pytest.mark.parametrize(
    ("queue", "fallbacks", "addresses"),
    [
        ("a", [("b", 20)], ["a", "b", "default"]),
        ("a", [], ["a", "default"]),
        ("nowhere", [], ["default"]),
        ("nowhere", [("b", 20)], ["b", "default"]),
        ("b", [("c", 20)], ["b", "default"]),  # two queues of one address: tried once
        ("default", [], ["default"]),
        ("a", [("b", 1), ("a", 1)], ["a", "b", "a", "default"]),
        ("sip:evil@192.0.2.1", [("http://192.0.2.1", 1)], ["default"]),
    ],
)
def test_only_addresses_of_the_settings_are_answered(
    queue: str, fallbacks: list[tuple[str, int]], addresses: list[str]
) -> None:
    routes = document(queue, *fallbacks)["routes"]
    assert [one["uri"].split(":")[1].split("@")[0] for one in routes] == addresses


def test_each_route_rings_until_the_next_ones_turn() -> None:
    routes = document("a", ("b", 20), ("a", 0))["routes"]
    assert [one["fr_inv_timer"] for one in routes] == [20_000, 1_000, 30_000, 30_000]


@pytest.mark.parametrize(
    "hostile",
    [
        "x\r\nX-Route-Queue: first",
        "x\nContact: <sip:evil@192.0.2.1>",
        "x\rY: z",
        "x\u2028y\x85z",
        "\x00\x1b[2J",
        "\r\n\r\n",
        "é" * 3_000,
        "\U0001f4de",
    ],
)
def test_no_value_can_begin_a_header_of_its_own(hostile: str) -> None:
    for route in document("a", why=hostile, value_group=hostile, decision_id=hostile)["routes"]:
        extra = route["headers"]["extra"]
        assert extra.endswith("\r\n")
        assert extra.isascii()
        for line in extra[:-2].split("\r\n"):
            assert line.startswith("X-Route-")
            assert line.isprintable()
            assert len(line) < 250


@pytest.mark.parametrize(
    "changed",
    [
        {"from": "anonymous"},
        {"from": "sip:anonymous@anonymous.invalid"},
        {"from": "'; DROP TABLE x; --"},
        {"to": None},
        {"said": {"deadline_ms": "150", "reason": "claim"}},
        {"said": {"deadline_ms": "0", "customer_id": None}},
        {"call_id": "\r\nVia: x"},
        {"user_agent": "a field of a later version"},
    ],
)
def test_odd_but_whole_calls_get_routes(
    publish: Callable[..., str],
    routers: Callable[..., None],
    asking: Asking,
    changed: dict[str, Any],
) -> None:
    publish()
    routers()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=CALL | changed)
        assert answer.status_code == 200, answer.text
        assert answer.json()["routes"][-1]["uri"] == "sip:default@127.0.0.1:5073"

    asking(test)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"call_id": "c"}, "from"),  # a router that forgets it would send every call one way
        ({"call_id": "c", "from": ""}, "from"),
        ({"call_id": "c", "from": None}, "from"),
        ({"call_id": "", "from": "a"}, "call_id"),
        ({"from": "a"}, "call_id"),
        ({"call_id": "c", "from": "a", "said": ["b"]}, "said"),
        ({"call_id": "c", "from": "9" * 401}, "from"),
    ],
)
def test_a_call_without_its_number_or_id_is_refused(
    routers: Callable[..., None], asking: Asking, wrong: dict[str, Any], field: str
) -> None:
    routers()

    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=wrong)
        assert answer.status_code == 422
        assert answer.json()["field"] == field

    asking(test)


def test_without_settings_there_is_no_such_router(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post(PATH, json=CALL)
        assert answer.status_code == 404
        assert "[kamailio]" in answer.json()["fix"]

    asking(test)
