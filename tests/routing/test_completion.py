from collections.abc import Callable

import pytest

from routing.completion import PROACTIVE_LIKELIHOOD, complete
from routing.contact import ContactReason
from routing.strategy import Strategy

Build = Callable[..., Strategy]


@pytest.mark.parametrize("reason", [None, ContactReason.OTHER, ContactReason.QUOTE])
def test_a_lead_who_wants_what_the_strategy_says_keeps_it(
    a_strategy: Build, reason: ContactReason | None
) -> None:
    strategy = a_strategy(stage="lead")
    found = complete(strategy, reason=reason)
    assert (found.route, found.handling, found.why) == (strategy.route, strategy.handling, None)


@pytest.mark.parametrize("reason", [ContactReason.BILLING, ContactReason.CHANGE])
def test_a_lead_who_asks_for_service_goes_there_and_is_offered_nothing(
    a_strategy: Build, reason: ContactReason
) -> None:
    found = complete(a_strategy(stage="lead", likelihood=0.12), reason=reason)
    assert (found.route.queue, found.route.skills) == ("service_first", {})
    assert not any(offer.present for offer in found.handling.offers)
    assert found.why is not None
    assert "not likely enough (12%)" in found.why


def test_a_likely_offer_keeps_the_lead_in_sales_though_asked_for_service(
    a_strategy: Build,
) -> None:
    strategy = a_strategy(stage="lead", likelihood=PROACTIVE_LIKELIHOOD)
    found = complete(strategy, reason=ContactReason.BILLING)
    assert (found.route, found.handling) == (strategy.route, strategy.handling)
    assert found.why == (
        "Asked about billing, yet term_life is likely to be taken (25%): stays with sales."
    )


def test_a_likely_offer_sends_a_purchaser_who_asks_for_service_to_sales(
    a_strategy: Build,
) -> None:
    found = complete(a_strategy(stage="purchaser", likelihood=0.4), reason=ContactReason.BILLING)
    assert (found.route.queue, found.route.skills) == ("sales_first", {"life": 2})
    assert found.handling.offers[0].present


def test_an_unlikely_offer_leaves_a_purchaser_in_service(a_strategy: Build) -> None:
    found = complete(a_strategy(stage="purchaser", likelihood=0.1), reason=ContactReason.BILLING)
    assert (found.route.queue, found.why) == ("service_first", None)


def test_an_offer_that_is_not_to_be_presented_is_never_a_ground_for_sales(
    a_strategy: Build,
) -> None:
    strategy = a_strategy(stage="lead", likelihood=0.9, present=False, group=1)
    found = complete(strategy, reason=ContactReason.CHANGE)
    assert found.route.queue == "service_any"
    assert found.why == "Asked about a change, and no offer is worth bringing up: sent to service."


@pytest.mark.parametrize("reason", [ContactReason.CLAIM, ContactReason.CANCEL])
@pytest.mark.parametrize("stage", ["prospect", "lead", "new_business", "purchaser"])
def test_nobody_is_sold_to_with_a_claim_or_about_to_leave(
    a_strategy: Build, reason: ContactReason, stage: str
) -> None:
    found = complete(a_strategy(stage=stage, likelihood=0.9), reason=reason)
    assert found.route.queue == "service_first"
    assert not any(offer.present for offer in found.handling.offers)
    assert found.why is not None


@pytest.mark.parametrize(
    ("stage", "queue"),
    [("prospect", "sales_any"), ("purchaser", "sales_any"), ("new_business", "onboarding_any")],
)
def test_who_asks_for_a_quote_goes_to_sales_but_an_applicant_stays(
    a_strategy: Build, stage: str, queue: str
) -> None:
    found = complete(a_strategy(stage=stage, group=1), reason=ContactReason.QUOTE)
    assert found.route.queue == queue


def test_an_applicant_is_served_by_those_who_handle_the_application(a_strategy: Build) -> None:
    found = complete(a_strategy(stage="new_business"), reason=ContactReason.BILLING)
    assert (found.route.queue, found.why) == ("onboarding_first", None)
