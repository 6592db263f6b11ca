from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from serving import examples

Asking = Callable[..., None]


def test_the_server_is_ready_without_anything_and_says_what_is_missing(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.get("/health/ready")
        ready = answer.json()
        assert (answer.status_code, ready["ready"]) == (200, True)
        assert len(ready["degraded"]) == 2
        assert "No strategy set is published" in ready["degraded"][0]
        assert "No model set is promoted" in ready["degraded"][1]

    asking(test)


def test_it_says_which_strategy_set_it_serves_and_how_old_that_is(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        served = (await ask.client.get("/health/ready")).json()["strategy_set"]
        assert served == {
            "label": examples.STRATEGY_SET,
            "customers": 1,
            "formed_at": "2026-11-22T02:00:00Z",
            "age_seconds": 12.5 * 3600,
            "model_set": "17",
        }

    asking(test)


def test_a_set_that_missed_two_nights_is_called_stale(
    publish: Callable[..., str], asking: Asking
) -> None:
    publish()

    async def test(ask: Any) -> None:
        degraded = (await ask.client.get("/health/ready")).json()["degraded"]
        assert any("hours old" in trouble for trouble in degraded)

    asking(test, now=examples.NOW + timedelta(days=2))


def test_a_damaged_model_set_is_told_and_harms_nothing(asking: Asking, home: Any) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / "current.json").write_text('{"version": "3", "folder": "3"}')

    async def test(ask: Any) -> None:
        degraded = (await ask.client.get("/health/ready")).json()["degraded"]
        assert any("cannot be loaded" in trouble for trouble in degraded)
        assert (await ask.decide()).status_code == 200

    asking(test)


def test_metrics_count_decisions_by_source_and_refusals_by_status(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        for _ in range(3):
            await ask.decide()
        await ask.decide(channel="pigeon")
        figures = (await ask.client.get("/metrics")).text
        assert 'callworth_decisions_total{source="default"} 3.0' in figures
        assert 'callworth_problems_total{endpoint="decisions",status="422"} 1.0' in figures
        assert "callworth_decision_seconds_count 3.0" in figures

    asking(test)
