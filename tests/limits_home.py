"""A home whose strategy set was formed under limits, for the tests of verbs and pages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from pipelines.limits_reports import write_limits
from routing.allocation.batch import CustomerBatch
from routing.allocation.choose import allocate
from routing.allocation.kept import Kept
from routing.allocation.limits import AgentMinutes, Budget, Limits, MinimumShare, OfferStock
from routing.allocation.problem import Problem
from routing.allocation.survey import survey
from routing.offers import Offer
from serving.pages.limits_report import Exploring

FORMED = datetime(2026, 11, 22, 2, tzinfo=UTC)
SELLS = (
    ("term_life", "Term life", 420.0, "life", 6.0),
    ("whole_life", "Whole life", 700.0, "life", 8.0),
    ("home", "Home cover", 260.0, "property", 4.5),
)
OFFERS = tuple(
    Offer(offer_id, name, margin, 4.0, 90.0, licence, frozenset({"lead"}), 90)
    for offer_id, name, margin, licence, _ in SELLS
)
SHARED = (
    AgentMinutes(at_most=60.0, pool="first", licence="life", weekday="monday"),
    AgentMinutes(at_most=9000.0),
    OfferStock(60.0, "term_life"),
    Budget(3000.0),
    MinimumShare(0.05, ("home",)),
)


def write_limits_home(home: Path, *, customers: int = 4_000, label: str = "2026-11-22.1") -> Kept:
    """Write HOME/reports/limits.json and its survey; return what was kept."""
    rng = np.random.default_rng(11)
    uplift = rng.uniform(0.0, 0.2, (customers, len(OFFERS)))
    margins = np.array([offer.margin for offer in OFFERS])
    batch = CustomerBatch(
        customer_ids=np.array([f"c{number:06d}" for number in range(customers)]),
        added_value=uplift * margins * 0.9 - 4.0,
        accept=uplift + 0.05,
        eligible=rng.random((customers, len(OFFERS))) < 0.8,
        relevant=uplift > 0.01,
        contacts=rng.exponential(0.3, customers),
        asked_not_to=rng.random(customers) < 0.04,
        pool=np.where(rng.random(customers) < 0.3, "first", "second"),
        partner=np.full(customers, "main"),
        weekday_shares=np.full(7, 1 / 7),
        kept_uplift=uplift * 0.9,
    )
    minutes = {offer_id: taken for offer_id, *_, taken in SELLS}
    problem = Problem(OFFERS, Limits(shared=SHARED, presentation_minutes=minutes))
    found = allocate(lambda: [batch], problem=problem)
    kept = Kept(survey(lambda: [batch], offers=len(OFFERS)), found)
    write_limits(
        home,
        kept,
        strategy_set=label,
        model_set="17",
        formed_at=FORMED,
        exploring=Exploring(0.02, 120.0, 24.0),
    )
    return kept
