from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from routing.slot_drawing import draw_plan
from routing.slot_file import PLAN_FILE
from routing.slots import SlotPlan, arm_at
from serving import examples

Asking = Callable[..., None]


def a_plan() -> SlotPlan:
    start = examples.NOW.date()
    return draw_plan(start, zone="UTC", weeks=2, seed=4, made_at=examples.NOW)


def test_a_plan_in_the_home_gives_every_decision_its_arm(
    publish: Callable[..., str], asking: Asking, home: Path
) -> None:
    publish()
    plan = a_plan()
    (home / PLAN_FILE).write_bytes(msgspec.json.encode(plan))
    customer_id = examples.STRATEGY.customer_id
    placed = arm_at(plan, examples.NOW, customer_id)
    assert placed

    async def test(ask: Any) -> None:
        answer = (await ask.decide(customer_id=customer_id)).json()
        assert (answer["arm"], answer["probability"]) == (placed.arm.value, 0.5)

    asking(test)


def test_a_damaged_plan_is_told_and_harms_nothing(
    publish: Callable[..., str], asking: Asking, home: Path
) -> None:
    publish()
    (home / PLAN_FILE).write_text("{")

    async def test(ask: Any) -> None:
        degraded = (await ask.client.get("/health/ready")).json()["degraded"]
        assert any("experiment.json cannot be read" in trouble for trouble in degraded)
        answer = (await ask.decide(customer_id=examples.STRATEGY.customer_id)).json()
        assert (answer["source"], answer["arm"], answer["probability"]) == ("strategy", "on", 1.0)

    asking(test)
