from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from serving import examples
from serving.log import DecisionLog

Asking = Callable[..., None]


def an_outcome(decision_id: str, **changes: Any) -> dict[str, Any]:
    usual = {
        "decision_id": decision_id,
        "offer_id": "term_life",
        "accepted": True,
        "revenue": 510.0,
        "occurred_at": "2026-11-22T15:29:00+01:00",
    }
    return usual | changes


async def decided(ask: Any) -> str:
    return str((await ask.decide()).json()["decision_id"])


def test_an_outcome_is_taken_right_after_its_decision(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        decision_id = await decided(ask)
        answer = await ask.client.post("/v1/outcomes", json=an_outcome(decision_id))
        assert answer.status_code == 200
        assert answer.json() == {
            "decision_id": decision_id, "offer_id": "term_life", "result": "stored",
        }  # fmt: skip

    asking(test)


def test_repeating_it_is_harmless_even_from_another_time_zone(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        decision_id = await decided(ask)
        await ask.client.post("/v1/outcomes", json=an_outcome(decision_id))
        again = an_outcome(decision_id, occurred_at="2026-11-22T14:29:00Z", revenue=510)
        answer = await ask.client.post("/v1/outcomes", json=again)
        assert (answer.status_code, answer.json()["result"]) == (200, "stored_before")

    asking(test)


def test_contradicting_it_is_a_conflict_that_says_what_is_stored(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        decision_id = await decided(ask)
        await ask.client.post("/v1/outcomes", json=an_outcome(decision_id))
        other = an_outcome(decision_id, accepted=False, revenue=None)
        answer = await ask.client.post("/v1/outcomes", json=other)
        assert answer.status_code == 409
        assert "accepted=true, revenue=510.0" in answer.json()["detail"]

    asking(test)


def test_another_offer_of_the_same_decision_is_another_outcome(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        decision_id = await decided(ask)
        for offer_id in ("term_life", "home_cover"):
            sent = an_outcome(decision_id, offer_id=offer_id)
            answer = await ask.client.post("/v1/outcomes", json=sent)
            assert answer.json()["result"] == "stored"

    asking(test)


def test_a_decision_that_nobody_was_given_is_unknown(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.post("/v1/outcomes", json=an_outcome("made-up"))
        assert answer.status_code == 404
        assert "'made-up'" in answer.json()["detail"]

    asking(test)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"occurred_at": "2026-11-22T14:29:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-11-23T14:39:00Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"revenue": -1}, "revenue"),
        ({"revenue": 10, "accepted": False}, "revenue"),
        ({"accepted": "yes"}, "accepted"),
        ({"accepted": None}, "accepted"),
        ({"offer": "term_life"}, "offer"),
        ({"offer_id": ""}, "offer_id"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(
    asking: Asking, change: dict[str, Any], field: str
) -> None:
    async def test(ask: Any) -> None:
        sent = an_outcome(await decided(ask), **change)
        answer = await ask.client.post("/v1/outcomes", json=sent)
        assert (answer.status_code, answer.json()["field"]) == (422, field)

    asking(test, now=examples.NOW)


def test_an_outcome_that_cannot_be_stored_is_not_acknowledged(asking: Asking, home: Any) -> None:
    home.mkdir()
    (home / "log").write_text("in the way")

    async def test(ask: Any) -> None:
        assert isinstance(ask.parts.log, DecisionLog)
        answer = await ask.decide()
        assert answer.status_code == 200, "a decision is answered without its log"
        outcome = an_outcome(answer.json()["decision_id"])
        refused = await ask.client.post("/v1/outcomes", json=outcome)
        assert refused.status_code == 503
        figures = (await ask.client.get("/metrics")).text
        assert "callworth_log_waiting 1.0" in figures, "it is written once there is room"
        assert 'callworth_problems_total{endpoint="outcomes",status="503"} 1.0' in figures

    asking(test)
