"""What is worked out once for all contacts is what each contact would have been told."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from routing.offer_states import APPROVED_AGAIN, OfferState, Standing, with_standings
from routing.offers import Offer
from routing.partner_rules import rules_for

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def offer(name: str, *, barred: str = "") -> Offer:
    return Offer(name, name.title(), 100.0, 1.0, 5.0, "life", frozenset({"lead"}), 90, barred)


OFFERS = (offer("home", barred="paused when the set was formed"), offer("life"))


def test_offers_stand_as_marketing_has_them_now_not_as_they_stood_when_formed() -> None:
    rules = rules_for("main", offers=OFFERS, cuts=(50.0, None), standings={})

    assert rules.offers_at(NOW) == with_standings(OFFERS, standings={}, formed_at=NOW)
    assert [one.barred for one in rules.offers_at(NOW)] == ["", ""]
    assert (rules.offer_ids, rules.cuts) == (("home", "life"), (50.0, math.inf))


def test_a_decision_that_depends_on_the_instant_is_asked_each_time() -> None:
    standings = {
        "life": Standing(OfferState.APPROVED, "again", NOW),
        "elsewhere": Standing(OfferState.PAUSED, "not ours", NOW),
    }
    rules = rules_for("main", offers=OFFERS, cuts=(), standings=standings)

    before, after = (rules.offers_at(NOW + timedelta(hours=h)) for h in (-1, 1))

    assert [one.barred for one in before] == ["", APPROVED_AGAIN]
    assert [one.barred for one in after] == ["", ""]
    assert set(rules.standings) == {"life"}
