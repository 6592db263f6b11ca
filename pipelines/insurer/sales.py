"""What comes of each contact, turn by turn: a customer's later contacts see earlier sales."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np

from pipelines.insurer import policies
from pipelines.insurer.catalogue import ELIGIBLE, MARGINS, MATURITY_DAYS, OFFERS, WEIGHTS
from pipelines.insurer.events import Events, joined
from pipelines.insurer.history import History
from pipelines.insurer.people import MEDIAN_INCOME, People
from pipelines.insurer.planned import Contacts
from pipelines.insurer.policies import Policies
from pipelines.insurer.span import (
    DAY_SECONDS,
    Flags,
    Floats,
    Span,
    Wholes,
    days,
    known_after,
)
from pipelines.insurer.terms import observe
from pipelines.insurer.truth import Chances, chances

NOTHING_SHARE = 0.25
_LATER_LAPSE_DAYS = 4000.0  # mean life of a policy that outlived its maturity


@dataclass(frozen=True, slots=True)
class Presentations:
    """Per contact: the offer (-1: none) and the probability (NaN: nobody was reached)."""

    offer: Wholes
    probability: Floats


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Equal-length columns; `contact` is a row of the contacts, `offer` of the catalogue."""

    contact: Wholes
    offer: Wholes
    accepted: Flags
    revenue: Floats
    at: Wholes
    known: Wholes


@dataclass(frozen=True, slots=True)
class ContactTruth:
    """Per (contact, eligible offer): the stage and the probabilities behind it."""

    contact: Wholes
    offer: Wholes
    stage: Wholes
    accept: Floats
    anyway: Floats
    lapse: Floats


@dataclass(frozen=True, slots=True)
class Sales:
    """All that came of the contacts of a chunk."""

    presentations: Presentations
    outcomes: Outcomes
    truth: ContactTruth
    events: Events


@dataclass(frozen=True, slots=True)
class _Turn:
    outcomes: Outcomes
    truth: ContactTruth
    events: Events


_Columns = TypeVar("_Columns", Outcomes, ContactTruth)


def sell(
    rng: np.random.Generator,
    *,
    people: People,
    contacts: Contacts,
    history: History,
    span: Span,
) -> Sales:
    """Go through the contacts that reached an agent, turn by turn, and return what came of them.

    `history` takes in the sales of each turn before the next.
    """
    made = Presentations(
        offer=np.full(contacts.who.size, -1, dtype=np.int64),
        probability=np.full(contacts.who.size, np.nan),
    )
    turns = []
    for turn in range(int(contacts.turn.max(initial=0)) + 1):
        rows = np.flatnonzero((contacts.turn == turn) & contacts.reached)
        who, at = contacts.who[rows], contacts.at[rows]
        seen = observe(
            history, who=who, at=at, prior=contacts.turn[rows], reason=contacts.reason[rows]
        )
        truth = chances(seen)
        made.offer[rows], made.probability[rows] = _present(
            rng, seen.stage, people.do_not_offer[who]
        )
        outcomes = _decide(rng, rows, seen.stage, truth, made.offer[rows], at, people.income[who])
        sold = _put_in_force(rng, outcomes, truth, rows, who)
        begun = policies.begin(rng, policies=sold, applied=True)
        events = joined([begun, policies.run(rng, policies=sold, people=people, span=span)])
        history.add(events)
        turns.append(_Turn(outcomes, truth_rows(seen.stage, truth=truth, rows=rows), events))
    return Sales(
        presentations=made,
        outcomes=_stack(Outcomes, [turn.outcomes for turn in turns]),
        truth=_stack(ContactTruth, [turn.truth for turn in turns]),
        events=joined([turn.events for turn in turns]),
    )


def truth_rows(stage: Wholes, *, truth: Chances, rows: Wholes) -> ContactTruth:
    """Return one row per eligible offer of each of `rows`."""
    row, offer = np.nonzero(ELIGIBLE[stage])
    return ContactTruth(
        contact=rows[row],
        offer=offer,
        stage=stage[row],
        accept=truth.accept[row, offer],
        anyway=truth.anyway[row, offer],
        lapse=truth.lapse[row, offer],
    )


def _present(rng: np.random.Generator, stage: Wholes, do_not_offer: Flags) -> tuple[Wholes, Floats]:
    """Return an offer (-1: none) per contact and the probability with which it was chosen."""
    shares = WEIGHTS / WEIGHTS.sum(axis=1, keepdims=True) * (1.0 - NOTHING_SHARE)
    edges = np.cumsum(shares, axis=1)[stage]
    offer = (rng.random(stage.size)[:, None] >= edges).sum(axis=1)
    offer[(offer == len(OFFERS)) | do_not_offer] = -1
    probability = np.where(offer < 0, NOTHING_SHARE, shares[stage, offer])
    return offer, np.where(do_not_offer, 1.0, probability)


def _decide(
    rng: np.random.Generator,
    rows: Wholes,
    stage: Wholes,
    truth: Chances,
    offer: Wholes,
    at: Wholes,
    income: Floats,
) -> Outcomes:
    """Return an outcome per presented offer, and per other eligible offer bought anyway."""
    presented = offer[:, None] == np.arange(len(OFFERS))
    chance = np.where(presented, truth.accept, truth.anyway) * ELIGIBLE[stage]
    bought = rng.random(chance.shape) < chance
    row, product = np.nonzero(presented | bought)
    accepted = bought[row, product]
    decided = at[row] + _deliberation(rng, presented[row, product], accepted)
    return Outcomes(
        contact=rows[row],
        offer=product,
        accepted=accepted,
        revenue=np.where(accepted, _revenue(rng, income[row], product), 0.0),
        at=decided,
        known=np.maximum(known_after(rng, occurred=decided), at[row] + 3600),
    )


def _deliberation(rng: np.random.Generator, shown: Flags, accepted: Flags) -> Wholes:
    """Return seconds from contact to outcome: at once or days later, always within 14 days."""
    at_once = rng.uniform(120.0, 3000.0, shown.size)
    slept_on = DAY_SECONDS * np.minimum(rng.exponential(2.0, shown.size), 13.0)
    alone = DAY_SECONDS * rng.uniform(0.1, 13.5, shown.size)
    waits = accepted & (rng.random(shown.size) < 0.3)
    return np.where(shown, at_once + waits * slept_on, alone).astype(np.int64)


def _revenue(rng: np.random.Generator, income: Floats, product: Wholes) -> Floats:
    tied = 0.5 * np.log(income / MEDIAN_INCOME) + rng.normal(-0.05, 0.25, product.size)
    return np.asarray((MARGINS[product] * np.exp(tied)).round(2))


def _put_in_force(
    rng: np.random.Generator, outcomes: Outcomes, truth: Chances, rows: Wholes, who: Wholes
) -> Policies:
    """Return the policies sold; those that lapse do so within maturity, or much later."""
    sold = np.flatnonzero(outcomes.accepted)
    row, product = np.searchsorted(rows, outcomes.contact[sold]), outcomes.offer[sold]
    start = outcomes.at[sold]
    maturity = days(1) * MATURITY_DAYS[product]
    soon = start + (maturity * rng.uniform(0.25, 1.0, sold.size)).astype(np.int64)
    later = DAY_SECONDS * (1.0 + rng.exponential(_LATER_LAPSE_DAYS, sold.size))
    lapses = rng.random(sold.size) < truth.lapse[row, product]
    return Policies(
        who=who[row],
        product=product,
        start=start,
        lapse_at=np.where(lapses, soon, start + maturity + later.astype(np.int64)),
    )


def _stack(kind: type[_Columns], parts: list[_Columns]) -> _Columns:
    names = [field.name for field in fields(kind)]
    return kind(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
