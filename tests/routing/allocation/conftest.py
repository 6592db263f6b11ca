"""Small worlds of customers, offers and limits, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from routing.allocation.batch import CustomerBatch
from routing.allocation.limits import (
    AgentMinutes,
    Budget,
    ContactCap,
    Counts,
    Limits,
    MinimumShare,
    OfferStock,
    RestDays,
    SharedLimit,
)
from routing.allocation.problem import Problem
from routing.offers import Offer

World = tuple[Problem, CustomerBatch]


def offers(count: int) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            offer_id=f"offer_{number}",
            name=f"Offer {number}",
            margin=300.0 + 50.0 * number,
            presentation_cost=1.0 + 0.3 * number,
            lapse_cost=50.0,
            licence="life" if number % 2 else "property",
            eligible_stages=frozenset({"lead"}),
            maturity_days=90,
        )
        for number in range(count)
    )


def customers(rng: np.random.Generator, *, count: int, width: int, ties: bool) -> CustomerBatch:
    accept = rng.beta(1.5, 8.0, size=(count, width))
    uplift = accept * rng.uniform(-0.3, 1.0, size=(count, width))
    contacts = rng.gamma(1.2, 0.4, size=count)
    if ties:
        accept, uplift = np.round(accept, 1), np.round(uplift, 1)
        contacts = np.full(count, 0.5)
    margin = 300.0 + 50.0 * np.arange(width)
    cost = 1.0 + 0.3 * np.arange(width)
    return CustomerBatch(
        customer_ids=np.array([f"c{number}" for number in rng.permutation(count)]),
        added_value=uplift * 0.8 * margin - cost,
        accept=accept,
        eligible=rng.random((count, width)) < 0.75,
        relevant=uplift > 0.0,
        contacts=contacts,
        asked_not_to=rng.random(count) < 0.08,
        pool=np.where(rng.random(count) < 0.4, "first", "second"),
        partner=np.where(rng.random(count) < 0.6, "north", "south"),
        weekday_shares=np.array([0.22, 0.2, 0.18, 0.17, 0.15, 0.05, 0.03]),
        presented=rng.poisson(0.5, size=count).astype(float),
        days_since_presented=np.where(
            rng.random((count, width)) < 0.1, rng.uniform(0, 60, (count, width)), np.inf
        ),
        kept_uplift=uplift * 0.8,
    )


def shared_limits(count: int, *, tight: float, floors: bool) -> tuple[SharedLimit, ...]:
    limits: tuple[SharedLimit, ...] = (
        AgentMinutes(count * 0.06 * tight, pool="first", weekday="monday"),
        AgentMinutes(count * 0.5 * tight, licence="life"),
        OfferStock(count * 0.006 * tight, offer="offer_2"),
        OfferStock(count * 0.04 * tight, offer="offer_1", counts=Counts.PRESENTATIONS),
        Budget(count * 0.4 * tight),
    )
    if not floors:
        return limits
    return (*limits, MinimumShare(0.06, offers=("offer_0",)), MinimumShare(0.03, partner="south"))


@pytest.fixture
def world() -> Callable[..., World]:
    """Return a function that draws a problem and all its customers from a seed."""

    def draw(
        seed: int,
        *,
        count: int,
        width: int = 4,
        most: int = 1,
        floors: bool = True,
        tight: float = 1.0,
        ties: bool = False,
    ) -> World:
        drawn = customers(np.random.default_rng(seed), count=count, width=width, ties=ties)
        limits = Limits(
            offers_per_contact=most,
            shared=shared_limits(count, tight=tight, floors=floors),
            own=(ContactCap(3.0), RestDays(30.0)),
        )
        minutes = {f"offer_{number}": 4.0 + number / 2 for number in range(width)}
        return Problem(offers(width), limits, minutes), drawn

    return draw
