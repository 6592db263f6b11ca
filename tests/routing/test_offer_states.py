"""A stopped offer is presented to nobody: when strategies are formed, and at once after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from routing.completion import NOTHING_TO_OFFER
from routing.offer_states import (
    APPROVED_AGAIN,
    NEXT,
    OfferState,
    Pitch,
    Standing,
    as_it_stands,
    why_barred,
    with_standings,
)
from routing.offers import Offer, OfferScores, rank, ranked_offers
from routing.strategy import Handling, RankedOffer, Route, Signals, Strategy

FORMED = datetime(2026, 11, 22, 2, tzinfo=UTC)
LATER = FORMED + timedelta(hours=5)
PAUSED = Standing(OfferState.PAUSED, "out of stock", LATER)
ENDED = Standing(OfferState.ENDED, "no longer sold", LATER)
PITCHES = {"term": Pitch("Term life", "life"), "home": Pitch("Home plus", "property")}


def strategy(
    *presented: str, refused: str = "pet", skills: dict[str, int] | None = None
) -> Strategy:
    yes = [RankedOffer(name, True, 0.3, 0.1, 20.0, "adds 10.0 points") for name in presented]
    no = RankedOffer(refused, False, 0.1, -0.1, -9.0, "presenting lowers the chance")
    return Strategy(
        "c-1", "main", "lead", "first", Signals(0.3, 0.1, 0.2, 90.0),
        Route("sales_first", 1, {"life": 2} if skills is None else skills),
        Handling((*yes, no), "A lead.", "Offer Term life first."),
        (), "17", FORMED, FORMED + timedelta(days=7),
    )  # fmt: skip


def test_nothing_decided_leaves_the_strategy_as_it_is() -> None:
    plain = strategy("term", "home")
    assert as_it_stands(plain, standings={}) == (plain, None)
    assert as_it_stands(plain, standings={"other": PAUSED}) == (plain, None)


def test_a_paused_offer_is_a_no_with_the_reason_and_the_next_moves_up() -> None:
    found, why = as_it_stands(strategy("term", "home"), standings={"term": PAUSED}, pitches=PITCHES)
    assert [(o.offer_id, o.present) for o in found.handling.offers] == [
        ("home", True),
        ("term", False),
        ("pet", False),
    ]
    assert found.handling.offers[1].why == "paused by marketing: out of stock"
    assert why == "term is paused by marketing: out of stock."
    assert found.handling.advice == "Offer Home plus first."
    assert found.route.skills == {"property": 2}


def test_without_another_offer_nothing_is_offered_and_no_licence_is_asked_for() -> None:
    found, _ = as_it_stands(strategy("term"), standings={"term": ENDED}, pitches=PITCHES)
    assert not any(offer.present for offer in found.handling.offers)
    assert found.handling.offers[0].why == "ended by marketing: no longer sold"
    assert found.handling.advice == NOTHING_TO_OFFER
    assert found.route.skills == {}


def test_a_later_offer_that_is_paused_changes_neither_advice_nor_skills() -> None:
    found, why = as_it_stands(strategy("term", "home"), standings={"home": PAUSED})
    assert found.handling.advice == "Offer Term life first."
    assert found.route.skills == {"life": 2}
    assert why is not None
    assert [offer.present for offer in found.handling.offers] == [True, False, False]


def test_an_offer_that_was_a_no_keeps_its_own_reason() -> None:
    plain = strategy("term", refused="home")
    assert as_it_stands(plain, standings={"home": PAUSED}) == (plain, None)


def test_sets_of_earlier_versions_know_no_names_and_keep_their_skills() -> None:
    found, _ = as_it_stands(strategy("term", "home"), standings={"term": PAUSED})
    assert found.handling.advice == "Offer home first."
    assert found.route.skills == {"life": 2}


def test_skills_that_have_nothing_to_do_with_the_offer_stay() -> None:
    plain = strategy("term", "home", skills={"life": 2, "spanish": 1})
    found, _ = as_it_stands(plain, standings={"term": PAUSED}, pitches=PITCHES)
    assert found.route.skills == {"spanish": 1, "property": 2}


@pytest.mark.parametrize(
    ("formed_at", "why"),
    [
        (LATER - timedelta(microseconds=1), APPROVED_AGAIN),
        (LATER, None),
        (LATER + timedelta(days=1), None),
    ],
)
def test_an_approval_holds_for_strategies_formed_after_it(
    formed_at: datetime, why: str | None
) -> None:
    again = Standing(OfferState.APPROVED, "back in stock", LATER)
    assert why_barred(again, formed_at=formed_at) == why


def test_a_pause_holds_for_strategies_of_any_age() -> None:
    for formed_at in (FORMED, LATER + timedelta(days=9)):
        assert why_barred(PAUSED, formed_at=formed_at) == "paused by marketing: out of stock"


def test_every_state_can_be_left_and_an_ended_one_only_by_approval() -> None:
    assert set(NEXT) == set(OfferState)
    assert NEXT[OfferState.ENDED] == (OfferState.APPROVED,)
    assert all(state not in after for state, after in NEXT.items())


def test_forming_takes_only_what_is_approved() -> None:
    catalogue = [
        Offer(name, name, 400.0, 3.0, 100.0, "life", frozenset({"lead"}), 90) for name in "ab"
    ]
    offers = with_standings(catalogue, standings={"a": PAUSED}, formed_at=LATER)
    scores = OfferScores(np.array([[0.9, 0.4]]), np.array([[0.1, 0.1]]), np.zeros((1, 2)))
    ranking = rank(offers, scores=scores, stages=np.array(["lead"]), do_not_offer=np.array([False]))
    (found,) = ranked_offers(offers, ranking=ranking, stages=["lead"])
    assert ranking.best.tolist() == [1]
    assert [(o.offer_id, o.present) for o in found] == [("b", True), ("a", False)]
    assert found[1].why == "paused by marketing: out of stock"
    assert found[1].uplift > 0


def test_the_strategy_itself_is_never_changed() -> None:
    plain = strategy("term", "home")
    copy = msgspec.msgpack.decode(msgspec.msgpack.encode(plain), type=Strategy)
    as_it_stands(plain, standings={"term": PAUSED}, pitches=PITCHES)
    assert plain == copy
