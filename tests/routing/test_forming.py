from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from routing.forming import Rules, ScoredCustomers, form, grouping_value
from routing.offers import Offer, OfferScores
from routing.strategy import Reason, Signals

FORMED = datetime(2026, 11, 22, tzinfo=UTC)
OFFERS = (
    Offer("a", "Term life", 400.0, 4.0, 140.0, "life", frozenset({"lead", "purchaser"}), 90),
    Offer("b", "Home", 200.0, 4.0, 80.0, "property", frozenset({"lead"}), 90),
)
RULES = Rules("main", OFFERS, (50.0,), "17", FORMED, FORMED + timedelta(days=7))
LEAD = ScoredCustomers(
    customer_ids=["c-1"],
    stages=np.array(["lead"]),
    do_not_offer=np.array([False]),
    scores=OfferScores(np.array([[0.3, 0.2]]), np.array([[0.1, 0.1]]), np.array([[0.1, 0.1]])),
    keep=np.array([0.27]),
    value=np.array([90.0]),
    reasons=[(Reason("asked for a quote 6 days ago", 0.09),)],
    life_events=["moved house"],
)


def test_a_valuable_lead_goes_to_first_sales_with_the_best_offers_licence() -> None:
    (strategy,) = form(LEAD, rules=RULES)
    assert (strategy.value_group, strategy.route.queue) == ("first", "sales_first")
    assert strategy.route.skills == {"life": 2}
    assert strategy.signals == Signals(0.3, 0.1, 0.27, 90.0)
    assert [offer.offer_id for offer in strategy.handling.offers] == ["a", "b"]
    assert (strategy.formed_at, strategy.expires_at) == (FORMED, FORMED + timedelta(days=7))


def test_the_note_says_where_they_stand_what_is_known_and_what_to_do() -> None:
    (strategy,) = form(LEAD, rules=RULES)
    assert strategy.handling.note == (
        "Has enquired, not applied yet; asked for a quote 6 days ago; moved house."
    )
    assert strategy.handling.advice == "Offer Term life first."


def test_below_the_cut_means_second_group_and_the_common_queue() -> None:
    (strategy,) = form(replace(LEAD, value=np.array([49.0])), rules=RULES)
    assert (strategy.value_group, strategy.route.queue) == ("second", "sales_any")
    assert strategy.route.priority == 2


def test_who_asked_for_no_offers_takes_no_place_of_the_first_pool() -> None:
    (strategy,) = form(replace(LEAD, do_not_offer=np.array([True])), rules=RULES)
    assert strategy.value_group == "second"
    assert strategy.route.skills == {}
    assert strategy.handling.advice == "Asked not to be offered anything."
    assert strategy.signals.value == 90.0


@pytest.mark.parametrize(
    ("stage", "queue"),
    [
        ("prospect", "lead_development_any"),
        ("lead", "sales_first"),
        ("new_business", "onboarding_any"),
        ("purchaser", "service_first"),
    ],
)
def test_the_task_follows_the_stage(stage: str, queue: str) -> None:
    offered = stage in ("lead", "purchaser")
    value = np.array([90.0 if offered else np.nan])
    (strategy,) = form(replace(LEAD, stages=np.array([stage]), value=value), rules=RULES)
    assert strategy.route.queue == queue
    assert (strategy.signals == Signals()) is not offered


def test_grouping_value_is_zero_where_nothing_can_be_sold() -> None:
    found = grouping_value(
        np.array([5.0, 5.0, np.nan]), do_not_offer=np.array([False, True, False])
    )
    assert found.tolist() == [5.0, 0.0, 0.0]
