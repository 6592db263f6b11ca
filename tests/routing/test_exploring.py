"""Exploring contacts: exact chances, whatever else holds, and never on those who are spared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from routing.answer import Arm, Decision
from routing.contact import Answers, Channel, Contact, ContactReason
from routing.defaults import standard_defaults
from routing.exploration import Exploration
from routing.exploring import EXPLORED, LEFT_OUT
from routing.offer_states import OfferState, Standing
from routing.offers import Offer
from routing.slot_drawing import draw_plan
from routing.strategy import Handling, RankedOffer, Strategy
from routing.strategy_index import ContactDetails
from routing.strategy_reader import StrategyReader
from routing.strategy_writer import StrategyWriter
from tests.deciding import decide

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOTHING = "nothing"
OFFERS = tuple(
    Offer(name, name.title(), 400.0, 2.0, 0.0, licence, frozenset({"lead"}), 90)
    for name, licence in (("life", "life"), ("home", "property"), ("legal", "general"))
)
RANKED = (
    RankedOffer("life", True, 0.3, 0.1, 40.0, "adds 10.0 points", True),
    RankedOffer("home", False, 0.2, 0.05, 20.0, "adds 5.0 points, but another", True),
    RankedOffer("legal", False, 0.1, -0.01, -6.0, "lowers the chance", True),
    RankedOffer("motor", False, 0.0, 0.0, 0.0, "not eligible at stage lead", False),
)
NONE_PRESENTED = tuple(msgspec.structs.replace(one, present=False) for one in RANKED)
EXPLORING = Exploration(0.2)
CONTACTS = 20_000


@pytest.fixture
def reader(a_strategy: Callable[..., Strategy], tmp_path: Path) -> StrategyReader:
    usual = msgspec.structs.replace(a_strategy("usual"), handling=Handling(RANKED, "A lead."))
    nothing = msgspec.structs.replace(
        usual,
        customer_id="nothing",
        handling=Handling(NONE_PRESENTED, "A lead.", "Offer nothing."),
        route=msgspec.structs.replace(usual.route, skills={}),
    )
    exempt = msgspec.structs.replace(usual, customer_id="exempt", exempt=True)
    shut = tuple(msgspec.structs.replace(one, eligible=False) for one in RANKED)
    before = msgspec.structs.replace(usual, customer_id="before", handling=Handling(shut, ""))
    with StrategyWriter(
        tmp_path,
        model_set="17",
        formed_at=NOW,
        defaults=[standard_defaults("main")],
        offers={"main": OFFERS},
    ) as writer:
        writer.add([(one, ContactDetails()) for one in (usual, nothing, exempt, before)])
        writer.publish()
    return StrategyReader(tmp_path)


def _answer(
    reader: StrategyReader, contact_id: str, customer: str = "usual", **more: Any
) -> Decision:
    reason = more.pop("reason", None)
    contact = Contact(
        contact_id=contact_id,
        channel=Channel.VOICE,
        customer_id=customer,
        answers=Answers(reason=reason),
    )
    return decide(contact, reader=reader, now=NOW, **{"exploration": EXPLORING, **more})


def _many(
    reader: StrategyReader, customer: str = "usual", count: int = CONTACTS, **more: Any
) -> list[Decision]:
    return [_answer(reader, f"k-{number}", customer, **more) for number in range(count)]


def _presented(found: Decision) -> str:
    return next((one.offer_id for one in found.handling.offers if one.present), NOTHING)


def _chances(found: list[Decision]) -> dict[str, set[float]]:
    chances: dict[str, set[float]] = {}
    for one in found:
        chances.setdefault(_presented(one), set()).add(round(one.probability, 12))
    return chances


@pytest.mark.parametrize("off", [0.0, 0.1])
@pytest.mark.parametrize("customer", ["usual", "nothing"])
def test_each_action_comes_as_often_as_the_logged_probability_says(
    reader: StrategyReader, customer: str, off: float
) -> None:
    policy = "life" if customer == "usual" else NOTHING
    expected = {
        action: (1 - off) * (0.8 * (action == policy) + 0.2 / 4) + off * (action == NOTHING)
        for action in (NOTHING, "life", "home", "legal")
    }
    found = _many(reader, customer, hold_back_share=off)
    counted = Counter(map(_presented, found))
    assert _chances(found) == {action: {round(p, 12)} for action, p in expected.items()}
    assert sum(expected.values()) == pytest.approx(1.0)
    for action, chance in expected.items():
        error = np.sqrt(chance * (1 - chance) / CONTACTS)
        assert abs(counted[action] / CONTACTS - chance) < 4 * error
    arms = Counter(one.arm for one in found)
    assert abs(arms[Arm.EXPLORE] / CONTACTS - 0.2 * (1 - off)) < 0.012
    assert abs(arms[Arm.OFF] / CONTACTS - off) < 0.01


def test_the_probability_holds_while_slots_decide_the_arm(reader: StrategyReader) -> None:
    plan = draw_plan(
        date(2026, 11, 16), zone="UTC", weeks=2, seed=3, made_at=NOW, why="A reason.", by="ann"
    )
    hours = [NOW + timedelta(hours=number) for number in range(40)]
    found = [
        decide(
            Contact(contact_id=f"k-{number}", channel=Channel.VOICE, customer_id="usual"),
            reader=reader,
            now=hour,
            plan=plan,
            exploration=EXPLORING,
        )
        for hour in hours[:12]
        for number in range(300)
    ]
    for one in found:
        off = 1 - (one.probability / 0.85) if _presented(one) == "life" else None
        assert off is None or off == pytest.approx(0.5, abs=0.06)
        if one.arm is Arm.OFF:
            assert _presented(one) == NOTHING
            assert one.probability > 0.5
    assert {Arm.OFF, Arm.EXPLORE, Arm.ON} == {one.arm for one in found}


@pytest.mark.parametrize("customer", ["exempt", "before"])
def test_who_is_spared_gets_the_strategy_always(reader: StrategyReader, customer: str) -> None:
    found = _many(reader, customer, count=500)
    assert {(_presented(one), one.arm, one.probability) for one in found} == {("life", Arm.ON, 1.0)}


@pytest.mark.parametrize(
    "reason",
    [ContactReason.CLAIM, ContactReason.CANCEL, ContactReason.BILLING, ContactReason.CHANGE],
)
def test_who_asks_for_service_is_not_tried_upon(
    reader: StrategyReader, reason: ContactReason
) -> None:
    found = _many(reader, count=500, reason=reason)
    assert {one.arm for one in found} == {Arm.ON}
    assert len({_presented(one) for one in found}) == 1


def test_a_stopped_offer_is_never_drawn(reader: StrategyReader) -> None:
    paused = {"home": Standing(OfferState.PAUSED, "out of stock", NOW)}
    found = _many(reader, count=3_000, standings=paused)
    assert set(_chances(found)) == {NOTHING, "life", "legal"}
    assert _chances(found)["legal"] == {round(0.2 / 3, 12)}


def test_a_stopped_policy_gives_way_before_the_draw(reader: StrategyReader) -> None:
    paused = {"life": Standing(OfferState.PAUSED, "out of stock", NOW)}
    found = _many(reader, count=3_000, standings=paused)
    assert _chances(found)[NOTHING] == {round(0.8 + 0.2 / 3, 12)}
    assert "life" not in _chances(found)


def test_the_same_contact_gets_the_same_answer(reader: StrategyReader) -> None:
    for number in range(200):
        first, second = (_answer(reader, f"k-{number}", hold_back_share=0.1) for _ in range(2))
        assert first == second


def test_what_is_drawn_has_its_licence_its_advice_and_its_reason(reader: StrategyReader) -> None:
    found = _many(reader, count=3_000)
    home = next(one for one in found if _presented(one) == "home")
    assert home.route.skills == {"property": 2}
    assert home.handling.offers[0].why == EXPLORED
    assert next(one for one in home.handling.offers if one.offer_id == "life").why == LEFT_OUT
    assert "Offer Home first." in home.handling.note
    none = next(one for one in found if _presented(one) == NOTHING)
    assert none.route.skills == {}
    assert "Offer nothing on this contact." in none.handling.note
    drawn = next(one for one in _many(reader, "nothing", 3_000) if _presented(one) == "legal")
    assert drawn.route.skills == {"general": 2}


def test_where_it_would_cost_too_much_fewer_explore(reader: StrategyReader) -> None:
    regret = 40.0 - (0.0 + 40.0 + 20.0 - 6.0) / 4
    found = _many(reader, count=4_000, exploration=Exploration(0.2, regret_budget=0.5))
    share = 0.5 / regret
    assert _chances(found)["home"] == {round(share / 4, 12)}
    explored = sum(one.arm is Arm.EXPLORE for one in found)
    assert abs(explored / 4_000 - share) < 4 * np.sqrt(share / 4_000)


def test_another_policy_is_valued_from_the_log_alone(reader: StrategyReader) -> None:
    rng = np.random.default_rng(8)
    worth = {NOTHING: 2.0, "life": 30.0, "home": 45.0, "legal": 5.0}
    found = _many(reader, hold_back_share=0.1, count=40_000)
    money = np.array([worth[_presented(one)] + rng.normal(0.0, 20.0) for one in found])
    chance = np.array([one.probability for one in found])
    for policy in ("home", "life", NOTHING):
        taken = np.array([_presented(one) == policy for one in found])
        weighed = taken * money / chance
        error = weighed.std() / np.sqrt(len(weighed))
        assert abs(weighed.mean() - worth[policy]) < 4 * error
        assert error < 2.0


def test_without_a_share_every_answer_is_as_before(reader: StrategyReader) -> None:
    for customer in ("usual", "nothing", "exempt"):
        found = _many(reader, customer, count=300, hold_back_share=0.3, exploration=Exploration())
        assert Arm.EXPLORE not in {one.arm for one in found}
        held = customer != "nothing"
        assert {one.probability for one in found} == ({0.3, 0.7} if held else {1.0})
