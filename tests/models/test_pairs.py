"""Labels: who is counted, from when, and what is never counted as 0."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from features.contract import ALL_PARTNERS
from models.pairs import ANSWER_DAYS, SETTLING_DAYS
from models.signals import Signal
from tests.models.contacts_world import AS_OF, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_only_contacts_that_reached_an_agent_are_counted(world: World) -> None:
    world.contact("reached", "home")
    world.contact("hung up", "home", reached=False)
    assert world.label(Signal.ACCEPT) == {"reached": 0.0}
    steps = {count.step: count.rows for count in world.labelled().counts}
    assert steps["contacts"] == 2
    assert steps["contacts that reached an agent"] == 1


def test_a_sale_is_accepted_and_none_within_the_window_is_not(world: World) -> None:
    world.contact("sold", "home")
    world.sold("sold", "home")
    world.contact("too late", "home")
    world.sold("too late", "home", after_days=15)
    world.contact("refused", "home")
    assert world.label(Signal.ACCEPT) == {"sold": 1.0, "too late": 0.0, "refused": 0.0}


def test_another_offer_bought_anyway_is_no_acceptance(world: World) -> None:
    world.contact("anyway", "home")
    world.sold("anyway", "life")
    assert world.label(Signal.ACCEPT) == {"anyway": 0.0}


def test_a_contact_whose_window_is_open_is_left_out(world: World) -> None:
    world.contact("old", "home")
    world.contact("new", "home", at=AS_OF - timedelta(days=13))
    world.contact("settling", "home", at=AS_OF - timedelta(days=20))
    assert set(world.label(Signal.ACCEPT)) == {"old"}


@pytest.mark.parametrize("age", range(14, 24))
@pytest.mark.parametrize("offer", ["home", None])
def test_an_acceptance_known_days_after_the_window_is_never_a_0(
    world: World, age: int, offer: str | None
) -> None:
    at = AS_OF - timedelta(days=age)
    world.contact("late", offer, at=at)
    world.sold("late", "home", after_days=13.9, known_after_days=5.1)
    label = world.label(Signal.ACCEPT if offer else Signal.BASELINE)
    assert label == ({"late": 1.0} if age >= ANSWER_DAYS + SETTLING_DAYS else {})


@pytest.mark.parametrize("age", range(60, 72))
def test_a_lapse_known_days_after_maturity_is_never_a_0(world: World, age: int) -> None:
    world.contact("late", "home", at=AS_OF - timedelta(days=age))
    world.sold("late", "home", after_days=0.1, known_after_days=0.1)
    world.lapsed("late", after_days=59.9, known_after_days=5)
    assert world.label(Signal.LAPSE) == ({"late": 1.0} if age > 60 + SETTLING_DAYS else {})


def test_what_is_known_only_later_is_not_looked_at(world: World) -> None:
    world.contact("late", "home")
    world.sold("late", "home", known_after_days=400)
    assert world.label(Signal.ACCEPT) == {"late": 0.0}


def test_an_immature_sale_is_excluded_and_never_0(world: World) -> None:
    for name, days in (("mature", 200), ("immature", 40)):
        world.contact(name, "home", at=AS_OF - timedelta(days=days))
        world.sold(name, "home")
    assert world.label(Signal.LAPSE) == {"mature": 0.0}
    assert world.label(Signal.KEEP) == {"mature": 1.0}
    assert world.label(Signal.VALUE) == {"mature": 500.0}


def test_refusals_of_the_immature_time_are_left_out_with_its_sales(world: World) -> None:
    world.contact("refused long ago", "home")
    world.contact("refused lately", "home", at=AS_OF - timedelta(days=40))
    assert set(world.label(Signal.KEEP)) == {"refused long ago"}
    assert set(world.label(Signal.ACCEPT)) == {"refused long ago", "refused lately"}


def test_a_lapse_within_maturity_costs_and_one_after_it_does_not(world: World) -> None:
    for name, days in (("lapsed", 30), ("kept", 61)):
        world.contact(name, "home")
        world.sold(name, "home")
        world.lapsed(name, after_days=days)
    assert world.label(Signal.LAPSE) == {"lapsed": 1.0, "kept": 0.0}
    assert world.label(Signal.KEEP) == {"lapsed": 0.0, "kept": 1.0}
    assert world.label(Signal.VALUE) == {"lapsed": -80.0, "kept": 500.0}


def test_baseline_takes_each_eligible_offer_where_nothing_was_presented(world: World) -> None:
    world.contact("bought anyway", None)
    world.sold("bought anyway", "home")
    world.contact("not", None)
    world.contact("could not be offered", None, probability=1.0)
    world.contact("presented", "home")
    found = world.labelled()
    assert world.label(Signal.BASELINE) == {"bought anyway": 1.0, "not": 0.0}
    # "life" is not for leads.
    assert set(found.pairs[Signal.BASELINE].offer) == {found.offer_ids.index("home")}


@pytest.mark.parametrize(
    ("seller", "counted"), [("north", {"northern"}), (ALL_PARTNERS, {"northern", "southern"})]
)
def test_baseline_takes_only_offers_that_the_contacts_partner_sells(
    world: World, seller: str, counted: set[str]
) -> None:
    world.sellers["home"] = seller
    world.contact("northern", None, partner="north")
    world.contact("southern", None, partner="south")
    assert set(world.label(Signal.BASELINE)) == counted


def test_a_sample_of_the_baseline_is_weighted_up(world: World) -> None:
    for place in range(40):
        world.contact(f"c{place}", None)
    pairs = world.labelled(baseline_rows=10).pairs[Signal.BASELINE]
    assert len(pairs) == 10
    assert pairs.weight.sum() == pytest.approx(40)
