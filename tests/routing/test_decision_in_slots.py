from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from routing.answer import Arm, Decision
from routing.completion import HELD_BACK
from routing.contact import Answers, Channel, Contact, ContactReason
from routing.slot_drawing import draw_plan
from routing.slots import SlotPlan, arm_at, is_held_back
from routing.strategy_index import ContactDetails
from routing.strategy_reader import StrategyReader
from tests.deciding import decide

START = date(2026, 11, 20)
FIRST = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def decided(
    a_strategy: Callable[..., Any], publish: Callable[..., Any], tmp_path: Path
) -> Callable[..., Decision]:
    expires_at = FIRST + timedelta(days=60)
    publish([(a_strategy(f"c{n}", expires_at=expires_at), ContactDetails()) for n in range(40)])
    reader = StrategyReader(tmp_path)

    def _decided(
        plan: SlotPlan | None, at: datetime, *, whom: str = "c0", **known: Any
    ) -> Decision:
        contact = Contact(
            contact_id=f"k-{at}", channel=Channel.VOICE, customer_id=whom, **known.pop("said", {})
        )
        return decide(contact, reader=reader, now=at, plan=plan, **known)

    return _decided


def a_plan(**changes: Any) -> SlotPlan:
    known = {"zone": "UTC", "weeks": 2, "seed": 3, "made_at": FIRST, **changes}
    return draw_plan(START, **known)


def test_while_slots_run_they_decide_the_arm_and_the_chance_is_said(
    decided: Callable[..., Decision],
) -> None:
    plan = a_plan()
    arms = set()
    for hour in range(48):
        at = FIRST + timedelta(hours=hour, minutes=30)
        found, placed = decided(plan, at, hold_back_share=1.0), arm_at(plan, at, "c0")
        assert placed
        assert (found.arm, found.probability) == (placed.arm, 0.5)
        presented = any(offer.present for offer in found.handling.offers)
        assert presented is (found.arm is Arm.ON)
        assert all(offer.why == HELD_BACK for offer in found.handling.offers if not presented)
        arms.add(found.arm)
    assert arms == {Arm.ON, Arm.OFF}


def test_who_is_held_back_is_offered_nothing_in_any_slot(
    decided: Callable[..., Decision],
) -> None:
    plan = a_plan(hold_back_share=0.3)
    held = [f"c{n}" for n in range(40) if is_held_back(plan, f"c{n}")]
    assert held
    for day in (*range(14), 30):
        at = FIRST + timedelta(days=day, hours=9)
        found = decided(plan, at, whom=held[0], hold_back_share=0.1)
        assert found.arm is Arm.OFF
        assert found.probability == pytest.approx(0.65 if day < 14 else 0.3 + 0.7 * 0.1)


def test_outside_the_slots_the_hold_back_by_contact_decides(
    decided: Callable[..., Decision],
) -> None:
    plan = a_plan()
    for at in (FIRST - timedelta(seconds=1), FIRST + timedelta(days=14)):
        assert decided(plan, at, hold_back_share=0.2).probability in (0.2, 0.8)
        assert decided(plan, at) == decided(None, at)


def test_where_nothing_would_be_presented_the_slot_changes_nothing(
    decided: Callable[..., Decision],
) -> None:
    said = {"answers": Answers(reason=ContactReason.CLAIM)}
    for hour in range(6):
        found = decided(a_plan(), FIRST + timedelta(hours=hour), said=said)
        assert (found.arm, found.probability) == (Arm.ON, 1.0)
