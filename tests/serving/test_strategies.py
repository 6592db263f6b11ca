from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from serving import examples

Asking = Callable[..., None]


@pytest.mark.parametrize("query", ["", "?partner=main"])
def test_a_strategy_is_shown_as_the_api_page_says(
    publish: Callable[..., str], asking: Asking, query: str
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = await ask.client.get(f"/v1/strategies/main-000081{query}")
        assert answer.status_code == 200
        assert answer.json() == json.loads(msgspec.json.encode(examples.SHOWN_STRATEGY))

    asking(test)


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("main-9", 404, "customer_id"),
        ("main-000081?partner=mian", 404, "partner"),
        ("main-000081?patner=main", 422, "patner"),
        ("%00%ff", 404, "customer_id"),
    ],
)
def test_what_is_not_there_is_named(
    publish: Callable[..., str], asking: Asking, path: str, status: int, field: str
) -> None:
    publish()

    async def test(ask: Any) -> None:
        answer = await ask.client.get(f"/v1/strategies/{path}")
        assert (answer.status_code, answer.json()["field"]) == (status, field)

    asking(test)


def test_without_a_strategy_set_it_says_how_to_make_one(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.get("/v1/strategies/main-000081")
        assert answer.status_code == 404
        assert "callworth strategies form" in answer.json()["fix"]

    asking(test)
