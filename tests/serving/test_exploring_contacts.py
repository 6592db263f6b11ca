"""A share of contacts explores; the answer and the log hold the same arm and the same chance."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from routing.offers import Offer
from routing.strategy import Handling, RankedOffer
from serving import examples

OFFERS = tuple(
    Offer(name, name, 400.0, 2.0, 0.0, licence, frozenset({"lead"}), 90)
    for name, licence in (("term_life", "life"), ("home_cover", "property"))
)
RANKED = tuple(
    RankedOffer(offer.offer_id, place == 0, 0.3, 0.1, 40.0 - 30 * place, "adds 10.0 points", True)
    for place, offer in enumerate(OFFERS)
)


@pytest.fixture
def answers(
    publish: Callable[..., Any], asking: Callable[..., None], a_strategy: Callable[..., Any]
) -> Callable[..., list[dict[str, Any]]]:
    strategy = a_strategy(handling=Handling(RANKED, "A lead."))
    publish([(strategy, examples.DETAILS)], offers={"main": OFFERS})

    def given(**settings: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        async def test(ask: Any) -> None:
            for number in range(300):
                body = {"contact_id": f"k-{number}", "channel": "voice", "from": examples.PHONE}
                answer = await ask.client.post("/v1/decisions", json=body)
                found.append(answer.json())

        asking(test, **settings)
        return found

    return given


def _presented(answer: dict[str, Any]) -> str | None:
    offers = answer["handling"]["offers"]
    return next((one["offer_id"] for one in offers if one["present"]), None)


def test_answer_and_log_agree_on_arm_offer_and_chance(
    answers: Callable[..., list[dict[str, Any]]], home: Path
) -> None:
    found = answers(explore_share=0.2, hold_back_share=0.1)
    with sqlite3.connect(home / "log" / "decisions.sqlite") as log:
        rows = log.execute("SELECT contact_id, arm, offer_id, probability FROM decisions")
        logged = {contact: rest for contact, *rest in rows}
    log.close()
    for one in found:
        assert logged[one["contact_id"]] == [one["arm"], _presented(one), one["probability"]]
    chances = {(_presented(one), round(one["probability"], 9)) for one in found}
    each = 0.2 / 3
    assert chances == {
        ("term_life", round(0.9 * (0.8 + each), 9)),
        ("home_cover", round(0.9 * each, 9)),
        (None, round(0.1 + 0.9 * each, 9)),
    }
    assert {one["arm"] for one in found} == {"on", "off", "explore"}


def test_nothing_is_explored_unless_it_is_set(
    answers: Callable[..., list[dict[str, Any]]],
) -> None:
    assert {(one["arm"], _presented(one)) for one in answers()} == {("on", "term_life")}


def test_the_api_page_names_the_arm(asking: Callable[..., None]) -> None:
    async def test(ask: Any) -> None:
        described = (await ask.client.get("/openapi.json")).json()
        assert "explore" in json.dumps(described["components"]["schemas"])

    asking(test)
