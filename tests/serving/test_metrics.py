"""Every stage of a decision has its time, what is in force its name, and trouble its gauge."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from serving.metrics import STAGES
from serving.stages import EVERY
from tests.serving.conftest import Asker

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def figures(asker: Asker) -> Figures:
    """Return every sample of /metrics by its name and labels."""
    text = (await asker.client.get("/metrics")).text
    families = text_string_to_metric_families(text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def stage_count(found: Figures, stage: str) -> float:
    return found.get(("callworth_stage_seconds_count", (("stage", stage),)), 0.0)


def test_one_contact_in_sixty_four_is_watched_through_every_stage(
    publish: Any, asking: Any, home: Any
) -> None:
    publish()

    async def test(asker: Asker) -> None:
        for number in range(3 * EVERY):
            await asker.decide(contact_id=f"c-{number}", **{"from": "+15550100"})
        found = await figures(asker)
        for stage in ("read", "identify", "look_up", "log"):
            assert stage_count(found, stage) == 3, stage
        assert stage_count(found, "score") == 0  # no live models: nothing was scored
        spent = found["callworth_stage_seconds_sum", (("stage", "look_up"),)]
        assert 0.0 < spent < found["callworth_decision_seconds_sum", ()]

    asking(test)
    with closing(sqlite3.connect(home / "log" / "decisions.sqlite")) as log:
        rows = log.execute("SELECT stages FROM decisions").fetchall()
    watched = [json.loads(row[0]) for row in rows if row[0] is not None]
    assert len(rows) == 3 * EVERY
    assert len(watched) == 3
    assert all(tuple(one) == STAGES[:-1] for one in watched)


def test_a_watched_contact_gets_the_same_answer(publish: Any, asking: Any) -> None:
    publish()

    async def test(asker: Asker) -> None:
        answers = [(await asker.decide(**{"from": "+15550100"})).json() for _ in range(EVERY)]
        assert len({json.dumps(one, sort_keys=True) for one in answers}) == 1
        assert answers[0]["source"] == "strategy"

    asking(test)


def test_what_is_in_force_is_named_and_the_old_name_goes_to_zero(publish: Any, asking: Any) -> None:
    first = publish()

    async def test(asker: Asker) -> None:
        def named(label: str) -> tuple[str, tuple[tuple[str, str], ...]]:
            labels = (("live_models", "none"), ("model_set", "17"), ("strategy_set", label))
            return "callworth_in_force", labels

        state, parts = asker.parts.metrics.state, asker.parts
        state.look_at(parts.following, problem=None)
        before = await figures(asker)
        assert before[named(first)] == 1
        assert before["callworth_strategies_formed_timestamp_seconds", ()] > 1.7e9
        second = publish(label="2026-11-23.1")
        parts.following.look()
        state.look_at(parts.following, problem=None)
        after = await figures(asker)
        assert (after[named(first)], after[named(second)]) == (0, 1)

    asking(test)


def test_trouble_shows_and_goes(publish: Any, asking: Any, home: Any) -> None:
    publish()

    async def test(asker: Asker) -> None:
        parts = asker.parts
        pointer = home / "strategies" / "current.json"
        whole = pointer.read_bytes()
        pointer.write_text("{")
        for expected, text in ((1, None), (0, whole)):
            if text is not None:
                pointer.write_bytes(text)
            parts.following.look()
            parts.metrics.state.look_at(parts.following, problem=parts.strategies.problem)
            assert (await figures(asker))["callworth_following_trouble", ()] == expected

    asking(test)
