"""Decisions that are scored now: an expired strategy, a fresh event, features sent along."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.live import LiveModelSet
from routing.offers import Offer
from routing.strategy_writer import StrategyWriter
from routing.vectors import packed
from serving import examples
from tests.linear_model_set import write_model_set

Asking = Callable[..., None]

FEATURES = ("age", "owner", "life_event")
STORED = (44.0, None, "retired")
AS_OF = examples.STRATEGY.formed_at
LATE = examples.STRATEGY.expires_at + timedelta(hours=1)
OFFERS = tuple(
    Offer(offer_id, name, 400.0, 5.0, 30.0, "life", frozenset({"lead", "new_business"}), 90)
    for offer_id, name in (("term_life", "Term life"), ("home_cover", "Home cover"))
)


@pytest.fixture
def live(home: Path) -> LiveModelSet:
    signals = ("accept", "baseline", "keep", "value")
    folder = write_model_set(home / "models", "18", signals=signals)
    return LiveModelSet.load(folder)


@pytest.fixture
def published(home: Path) -> None:
    with StrategyWriter(
        home / "strategies",
        model_set="17",
        formed_at=AS_OF,
        defaults=[examples.DEFAULTS],
        label=examples.STRATEGY_SET,
        offers={"main": OFFERS},
        cuts={"main": (50.0,)},
        features=FEATURES,
        as_of=AS_OF,
    ) as writer:
        writer.add([(examples.STRATEGY, examples.DETAILS)], vectors=[packed(STORED)])
        writer.publish()


async def decided(ask: Any, **known: Any) -> dict[str, Any]:
    answer = await ask.decide(**{"from": examples.PHONE, **known})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_expired_strategy_is_scored_now(
    asking: Asking, live: LiveModelSet, published: None
) -> None:
    wanted = live.score(STORED, profile="lead")

    async def test(ask: Any) -> None:
        found = await decided(ask)
        assert (found["source"], found["model_set"]) == ("live", "18")
        assert found["why"] == ("Scored now: the strategy expired at 2026-11-29 02:00 UTC.")
        assert found["expires_at"] is None
        by_offer = {one["offer_id"]: one["likelihood"] for one in found["handling"]["offers"]}
        for place, offer in enumerate(live.offer_ids):
            assert by_offer[offer] == pytest.approx(wanted.of("accept")[place], abs=5e-5)
        best = live.offer_ids.index(found["handling"]["offers"][0]["offer_id"])
        assert found["signals"]["value"] == pytest.approx(wanted.of("value")[best], abs=0.01)
        assert found["reasons"] == []  # none is invented

    asking(test, now=LATE)


def test_features_sent_along_take_the_place_of_the_stored_ones(
    asking: Asking, live: LiveModelSet, published: None
) -> None:
    async def test(ask: Any) -> None:
        stored = await decided(ask)
        assert stored["source"] == "strategy"
        found = await decided(ask, features={"age": 20})
        assert (found["source"], found["why"]) == (
            "live",
            "Scored now: 1 feature came with the contact.",
        )
        young = live.score((20.0, None, "retired"), profile="lead").of("accept")
        assert found["signals"]["accept"] in [pytest.approx(float(p), abs=5e-5) for p in young]

    asking(test)


def test_an_event_moves_the_stage(asking: Asking, live: LiveModelSet, published: None) -> None:
    async def test(ask: Any) -> None:
        found = await decided(ask, events=[{"kind": "application"}])
        assert (found["source"], found["customer"]["stage"]) == ("live", "new_business")
        assert found["route"]["queue"].startswith("onboarding")

    asking(test)


def test_what_cannot_be_used_is_told_and_the_rest_answers(
    asking: Asking, live: LiveModelSet, published: None
) -> None:
    async def test(ask: Any) -> None:
        found = await decided(ask, features={"aeg": 20})
        assert found["source"] == "live"
        assert "There is no feature 'aeg'" in found["why"]
        early = [{"kind": "enquiry", "occurred_at": "2020-01-01T00:00:00Z"}]
        found = await decided(ask, events=early)
        assert "older than what was known before" in found["why"]

    asking(test)


def test_without_a_live_model_set_the_stored_strategy_answers_and_says_so(
    asking: Asking, published: None
) -> None:
    async def test(ask: Any) -> None:
        found = await decided(ask, features={"age": 20})
        assert found["source"] == "strategy"
        assert "could not be scored now: there is no live model set" in found["why"]

    asking(test)


def test_an_expired_strategy_without_a_live_model_set_gives_the_defaults_of_the_stage(
    asking: Asking, published: None
) -> None:
    async def test(ask: Any) -> None:
        found = await decided(ask)
        assert (found["source"], found["signals"]) == ("profile", None)

    asking(test, now=LATE)


def test_a_durable_decision_is_on_disk_when_it_is_answered(asking: Asking, published: None) -> None:
    async def test(ask: Any) -> None:
        for tried in range(100):  # a disk may be slow: then it is queued, and says so
            known = {"durable": True, "contact_id": f"k-{tried}", "from": examples.PHONE}
            answer = await ask.client.post("/v1/decisions", json={"channel": "voice", **known})
            if answer.headers["callworth-logged"] == "durable":
                break
        assert answer.headers["callworth-logged"] == "durable"
        assert ask.parts.log.written >= 1
        answer = await ask.decide(**{"from": examples.PHONE})
        assert "callworth-logged" not in answer.headers  # as usual: it is queued

    asking(test)


def test_a_decision_that_does_not_fit_into_the_log_says_so(asking: Asking, published: None) -> None:
    async def test(ask: Any) -> None:
        ask.parts.log._length = 0
        for durable in (False, True):
            answer = await ask.decide(durable=durable, **{"from": examples.PHONE})
            assert (answer.status_code, answer.headers["callworth-logged"]) == (200, "no")

    asking(test)
