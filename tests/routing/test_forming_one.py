"""One customer formed alone is formed as among many."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from routing.forming import Rules, ScoredCustomers, form
from routing.forming_one import OfferScore, ScoredCustomer, form_one
from routing.offers import Offer, OfferScores, rank
from routing.strategy import Reason

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
STAGES = ("prospect", "lead", "new_business", "purchaser", "elsewhere")
MANY = 400


def _offers(rng: np.random.Generator) -> tuple[Offer, ...]:
    return tuple(
        Offer(
            f"o{number}",
            f"Offer {number}",
            margin=float(rng.integers(0, 500)),
            presentation_cost=float(rng.integers(0, 9)),
            lapse_cost=float(rng.integers(0, 90)),
            licence="life",
            eligible_stages=frozenset(rng.choice(STAGES, 3).tolist()),
            maturity_days=90,
            barred="paused by marketing: a test" if rng.random() < 0.2 else "",
        )
        for number in range(4)
    )


def _column(rng: np.random.Generator, shape: tuple[int, ...], *, top: float = 1.0) -> np.ndarray:
    found = np.round(rng.random(shape) * top, 2)  # rounded: ties come about
    found[rng.random(shape) < 0.1] = np.nan
    return found


@pytest.mark.parametrize("seed", range(5))
def test_one_alone_is_formed_as_among_many(seed: int) -> None:
    rng = np.random.default_rng(seed)
    offers = _offers(rng)
    shape = (MANY, len(offers))
    scores = OfferScores(
        accept=_column(rng, shape),
        baseline=_column(rng, shape),
        lapse=_column(rng, shape),
        uplift=_column(rng, shape) - 0.3,
    )
    keep, value = _column(rng, shape), _column(rng, shape, top=200.0)
    stages = rng.choice(STAGES, MANY)
    refusing, vulnerable = rng.random(MANY) < 0.1, rng.random(MANY) < 0.1
    rules = Rules("main", offers, (150.0, 60.0, math.inf)[:2], "17", NOW, NOW + timedelta(days=1))
    best = rank(offers, scores=scores, stages=stages, do_not_offer=refusing).best
    rows = np.arange(MANY)
    reasons = [(Reason("asked for a quote", 0.1),) if n % 3 else () for n in range(MANY)]
    events = ["moved house" if n % 4 else "" for n in range(MANY)]
    many = form(
        ScoredCustomers(
            customer_ids=[f"c{number}" for number in range(MANY)],
            stages=stages,
            do_not_offer=refusing,
            scores=scores,
            keep=np.where(best >= 0, keep[rows, best], np.nan),
            value=np.where(best >= 0, value[rows, best], np.nan),
            reasons=reasons,
            life_events=events,
            vulnerable=vulnerable,
        ),
        rules=rules,
    )
    for number, wanted in enumerate(many):
        columns = (scores.accept, scores.baseline, scores.lapse, scores.uplift, keep, value)
        each = np.stack([np.asarray(column)[number] for column in columns], axis=1).tolist()
        one = ScoredCustomer(
            f"c{number}",
            str(stages[number]),
            [OfferScore(*row) for row in each],
            do_not_offer=bool(refusing[number]),
            exempt=bool(refusing[number] or vulnerable[number]),
            reasons=reasons[number],
            life_event=events[number],
        )
        assert msgspec.to_builtins(form_one(one, rules=rules)) == msgspec.to_builtins(wanted)


def test_the_reasons_are_asked_of_the_first_offer_alone() -> None:
    offers = _offers(np.random.default_rng(1))
    rules = Rules("main", offers, (), "17", NOW, NOW)
    scores = [OfferScore(0.1 * number, 0.0, 0.0, 0.1 * number) for number in range(len(offers))]
    asked: list[str] = []

    def reasons_of(offer_id: str) -> tuple[Reason, ...]:
        asked.append(offer_id)
        return (Reason(f"likes {offer_id}", 0.1),)

    formed = form_one(ScoredCustomer("c", "lead", scores), rules=rules, reasons_of=reasons_of)

    assert asked == [formed.handling.offers[0].offer_id]
    assert formed.reasons[0].text in formed.handling.note
