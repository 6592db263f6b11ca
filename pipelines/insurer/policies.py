"""How a policy runs once it is bought: issue, payments, missed payments, lapse, claims."""

from __future__ import annotations

import numpy as np

from pipelines.insurer.catalogue import LIFE, MARGINS
from pipelines.insurer.events import Events, happen, joined
from pipelines.insurer.people import People
from pipelines.insurer.span import DAY_SECONDS, Flags, Floats, Span, Wholes, days, logistic

_PERIODS_DAYS = np.array([30, 91, 365])
_PERIOD_SHARES = (0.2, 0.5, 0.3)
_CLAIMS_PER_DAY = 0.30 / 365
_REQUESTS_PER_DAY = 0.40 / 365


def begin(
    rng: np.random.Generator, who: Wholes, product: Wholes, at: Wholes, *, applied: bool
) -> Events:
    """Return what puts policies in force: life cover is issued, the rest is purchased.

    With `applied`, life cover begins with an application at `at` and is issued days later;
    without it, the application lies behind already and the issue is at `at`.
    """
    life = LIFE[product]
    issue_at = at[life]
    parts = []
    if applied:
        parts.append(happen(rng, "application", who[life], issue_at, product=product[life]))
        issue_at = issue_at + (DAY_SECONDS * rng.uniform(2.0, 12.0, issue_at.size)).astype(np.int64)
    premium = _premium(rng, product)
    parts += [
        happen(rng, "issue", who[life], issue_at, product=product[life], amount=premium[life]),
        happen(
            *(rng, "purchase", who[~life], at[~life]),
            product=product[~life],
            amount=premium[~life],
        ),
    ]
    return joined(parts)


def run(
    rng: np.random.Generator,
    people: People,
    span: Span,
    who: Wholes,
    product: Wholes,
    start: Wholes,
    lapse_at: Wholes,
) -> Events:
    """Return what happens while policies are in force, until they lapse or the world ends."""
    end = np.minimum(lapse_at, span.seconds)
    period = days(1) * rng.choice(_PERIODS_DAYS, who.size, p=_PERIOD_SHARES)
    counts = np.maximum(end - start, 0) // period
    policy, step = _spread(counts)
    at = start[policy] + (step + 1) * period[policy] + rng.integers(0, days(3), policy.size)
    lapsing = (lapse_at[policy] < span.seconds) & (lapse_at[policy] - at < days(75))
    missed = rng.random(policy.size) < _miss_probability(people, who[policy], lapsing)
    amount = (MARGINS[product[policy]] * period[policy] / days(365)).round(2)
    payments = [
        happen(rng, kind, who[policy[rows]], at[rows], product=product[policy[rows]], amount=paid)
        for kind, rows, paid in (
            ("payment", ~missed, amount[~missed]),
            ("missed_payment", missed, amount[missed]),
        )
    ]
    lapsed = lapse_at < span.seconds
    return joined(
        [
            *payments,
            happen(rng, "lapse", who[lapsed], lapse_at[lapsed], product=product[lapsed]),
            _arrive(rng, "claim", _CLAIMS_PER_DAY, who, product, start, end),
            _arrive(rng, "service_request", _REQUESTS_PER_DAY, who, product, start, end),
        ]
    )


def _miss_probability(people: People, who: Wholes, lapsing: Flags) -> Floats:
    return logistic(-1.6 - 0.9 * people.thrift[who] + 1.2 * lapsing)


def _arrive(
    rng: np.random.Generator,
    kind: str,
    rate_per_day: float,
    who: Wholes,
    product: Wholes,
    start: Wholes,
    end: Wholes,
) -> Events:
    length = np.maximum(end - start, 0)
    policy, _ = _spread(rng.poisson(rate_per_day * length / DAY_SECONDS))
    at = start[policy] + (rng.random(policy.size) * length[policy]).astype(np.int64)
    amount = None
    if kind == "claim":
        amount = (500.0 * rng.lognormal(0.0, 1.0, policy.size)).round(2)
    return happen(rng, kind, who[policy], at, product=product[policy], amount=amount)


def _premium(rng: np.random.Generator, product: Wholes) -> Floats:
    return np.asarray((MARGINS[product] * rng.lognormal(0.6, 0.3, product.size)).round(2))


def _spread(counts: Wholes) -> tuple[Wholes, Wholes]:
    """Return the owner and the step (0, 1, ...) of each of `counts` repetitions."""
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return owner, np.arange(owner.size) - first
