"""What the server logged is rebuilt to the byte, whichever way an answer came about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipelines.explain import Explained, explain
from pipelines.replay import replay
from routing.offers import Offer
from routing.strategy_writer import StrategyWriter
from routing.vectors import packed
from serving import examples
from tests.linear_model_set import write_model_set

OFFERS = tuple(
    Offer(offer_id, name, 400.0, 5.0, 30.0, "life", frozenset({"lead", "new_business"}), 90)
    for offer_id, name in (("term_life", "Term life"), ("home_cover", "Home cover"))
)
ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"from": examples.PHONE},
    {"from": examples.PHONE, "answers": {"reason": "billing"}},
    {"customer_id": examples.STRATEGY.customer_id},
    {"customer_id": "nobody", "partner": "main"},
    {"partner": "elsewhere"},
    {"from": examples.PHONE, "features": {"age": 20}},
    {"from": examples.PHONE, "events": [{"kind": "application"}]},
    {"from": examples.PHONE, "durable": True},
)


@pytest.fixture
def logged(home: Path, asking: Callable[..., None]) -> list[str]:
    """Let a server answer contacts of every kind; return the ids of its decisions."""
    write_model_set(home / "models", "18", signals=("accept", "baseline", "keep", "value"))
    with StrategyWriter(
        home / "strategies",
        model_set="17",
        formed_at=examples.STRATEGY.formed_at,
        defaults=[examples.DEFAULTS],
        label=examples.STRATEGY_SET,
        offers={"main": OFFERS},
        cuts={"main": (50.0,)},
        features=("age", "owner", "life_event"),
        as_of=examples.STRATEGY.formed_at,
    ) as writer:
        writer.add(
            [(examples.STRATEGY, examples.DETAILS)], vectors=[packed((44.0, None, "retired"))]
        )
        writer.publish()
    ids: list[str] = []

    async def test(ask: Any) -> None:
        for number, contact in enumerate(ASKED):
            for share in range(3):
                answer = await ask.decide(**{**contact, "contact_id": f"k-{number}-{share}"})
                assert answer.status_code == 200, answer.text
                ids.append(answer.json()["decision_id"])

    asking(test, hold_back_share=0.4)
    return ids


def explained(ids: list[str], home: Path) -> list[Explained]:
    return [explain(one, log=home / "log" / "decisions.sqlite", home=home) for one in ids]


def test_every_answer_of_the_server_is_rebuilt_to_the_byte(logged: list[str], home: Path) -> None:
    found = explained(logged, home)
    assert [one.text for one in found if not one.same] == []
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as connection:
        sources = {row[0] for row in connection.execute("SELECT source FROM decisions")}
        arms = {row[0] for row in connection.execute("SELECT arm FROM decisions")}
    assert sources >= {"strategy", "completed", "live", "default"}
    assert arms == {"on", "off"}


def test_without_the_live_model_set_it_is_said_that_it_is_gone(
    logged: list[str], home: Path
) -> None:
    for part in sorted((home / "models").rglob("*"), reverse=True):
        part.rmdir() if part.is_dir() else part.unlink()
    texts = [one.text for one in explained(logged, home) if not one.same]
    assert texts and all("Model set 18 is not kept any more." in text for text in texts)


def test_deciding_all_again_with_the_same_set_changes_nothing(
    logged: list[str], home: Path
) -> None:
    log = home / "log" / "decisions.sqlite"
    found = replay(log, strategy_set=examples.STRATEGY_SET, home=home)
    assert found.difference.contacts == found.logged == len(logged)
    assert found.difference.changed.contacts == 0
