"""Which contacts the quick way answers, and which it leaves to the full one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from routing.answer import Arm
from routing.contact import Answers, Channel, Contact, ContactReason
from routing.exploration import Exploration
from routing.freshly_known import EventKind, KnownEvent
from routing.in_force import InForce
from routing.instants import Instants
from routing.quick import Quick
from routing.strategy_index import ContactDetails
from routing.strategy_reader import StrategyReader
from tests.deciding import decide

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PHONE = "+15555550100"


def _answers(
    folder: Path, *, at: datetime = NOW, known: dict[str, Any] | None = None, **shares: Any
) -> bool:
    """Return whether the quick way answers a contact."""
    strategies = StrategyReader(folder).snapshot()
    quick = Quick(InForce(strategies=strategies, **shares))
    contact = Contact(contact_id="k", channel=Channel.VOICE, **(known or {"from_": PHONE}))
    return quick.answer(contact, Instants()(at)) is not None


@pytest.fixture
def folder(a_strategy: Callable[..., Any], publish: Callable[..., Any], tmp_path: Path) -> Path:
    publish([(a_strategy("c-1"), ContactDetails((PHONE,), "Jane Doe", "1 Main St", "01101"))])
    return tmp_path


@pytest.mark.parametrize(
    "known",
    [
        {"from_": PHONE},
        {"customer_id": "c-1"},
        {"from_": PHONE, "partner": "main"},
        {"from_": PHONE, "answers": Answers(reason=ContactReason.QUOTE)},
    ],
)
def test_whom_a_look_up_finds_is_answered_quickly(folder: Path, known: dict[str, Any]) -> None:
    assert _answers(folder, known=known)


@pytest.mark.parametrize(
    "known",
    [
        {"from_": "+19995550123"},
        {"from_": PHONE, "partner": "north"},
        {"answers": Answers(name="Jane Doe", postcode="01101")},
        {"from_": PHONE, "answers": Answers(reason=ContactReason.CLAIM)},
        {"from_": PHONE, "events": (KnownEvent(kind=EventKind.ENQUIRY),)},
    ],
)
def test_what_takes_more_than_a_look_up_is_left(folder: Path, known: dict[str, Any]) -> None:
    assert not _answers(folder, known=known)


def test_an_expired_and_an_exploring_contact_are_left(folder: Path) -> None:
    assert not _answers(folder, at=NOW + timedelta(days=2))
    assert not _answers(folder, exploration=Exploration(0.2))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_offers_are_held_back_as_the_full_way_holds_them_back(folder: Path, share: float) -> None:
    reader = StrategyReader(folder)
    in_force = InForce(strategies=reader.snapshot(), hold_back_share=share)
    quick, instant = Quick(in_force), Instants()(NOW)
    arms = []
    for number in range(200):
        contact = Contact(contact_id=f"k-{number}", channel=Channel.VOICE, from_=PHONE)
        found = quick.answer(contact, instant)
        full = decide(contact, reader=reader, now=NOW, hold_back_share=share)  # compares the bytes
        assert found is not None
        assert (found.arm, found.probability) == (full.arm, full.probability)
        presented = [one.offer_id for one in full.handling.offers if one.present]
        assert found.offer_id == (presented[0] if presented else None)
        arms.append(found.arm)
    assert arms.count(Arm.OFF) == pytest.approx(200 * share, abs=30 if 0.0 < share < 1.0 else 0)
