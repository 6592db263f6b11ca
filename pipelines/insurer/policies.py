"""How a policy runs once it is bought: issue, payments, missed payments, lapse, claims."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.insurer.catalogue import LIFE, MARGINS
from pipelines.insurer.events import Events, happen, joined
from pipelines.insurer.people import People
from pipelines.insurer.span import DAY_SECONDS, Flags, Floats, Span, Wholes, days, logistic

_PERIODS_DAYS = np.array([30, 91, 365])
_PERIOD_SHARES = (0.2, 0.5, 0.3)
_CLAIMS_PER_DAY = 0.30 / 365
_REQUESTS_PER_DAY = 0.40 / 365
_STRAIN_DAYS = 75  # before a lapse, payments are missed more often


@dataclass(frozen=True, slots=True)
class Policies:
    """Equal-length columns: whose, which offer's product, from when, and when it lapses."""

    who: Wholes
    product: Wholes
    start: Wholes
    lapse_at: Wholes

    def rows(self, keep: Wholes | Flags) -> Policies:
        """Return some of the policies."""
        return Policies(self.who[keep], self.product[keep], self.start[keep], self.lapse_at[keep])


def begin(rng: np.random.Generator, *, policies: Policies, applied: bool) -> Events:
    """Return what puts policies in force: life cover is issued, the rest is purchased.

    With `applied`, life cover begins with an application and is issued days later; without it,
    the application lies behind already.
    """
    is_life = LIFE[policies.product]
    life, other = policies.rows(is_life), policies.rows(~is_life)
    issue_at = life.start
    parts = []
    if applied:
        parts.append(_happen(rng, "application", life, life.start))
        issue_at = issue_at + (DAY_SECONDS * rng.uniform(2.0, 12.0, issue_at.size)).astype(np.int64)
    parts.append(_happen(rng, "issue", life, issue_at, _premium(rng, life.product)))
    parts.append(_happen(rng, "purchase", other, other.start, _premium(rng, other.product)))
    return joined(parts)


def run(rng: np.random.Generator, *, policies: Policies, people: People, span: Span) -> Events:
    """Return what happens while policies are in force, until they lapse or the world ends."""
    end = np.minimum(policies.lapse_at, span.seconds)
    period = days(1) * rng.choice(_PERIODS_DAYS, end.size, p=_PERIOD_SHARES)
    owner, step = _spread(np.maximum(end - policies.start, 0) // period)
    due = policies.rows(owner)
    at = due.start + (step + 1) * period[owner] + rng.integers(0, days(3), owner.size)
    lapsing = (due.lapse_at < span.seconds) & (due.lapse_at - at < days(_STRAIN_DAYS))
    missed = rng.random(owner.size) < logistic(-1.6 - 0.9 * people.thrift[due.who] + 1.2 * lapsing)
    amount = (MARGINS[due.product] * period[owner] / days(365)).round(2)
    lapsed = policies.rows(policies.lapse_at < span.seconds)
    return joined(
        [
            _happen(rng, "payment", due.rows(~missed), at[~missed], amount[~missed]),
            _happen(rng, "missed_payment", due.rows(missed), at[missed], amount[missed]),
            _happen(rng, "lapse", lapsed, lapsed.lapse_at),
            _arrive(rng, "claim", _CLAIMS_PER_DAY, policies, end),
            _arrive(rng, "service_request", _REQUESTS_PER_DAY, policies, end),
        ]
    )


def _happen(
    rng: np.random.Generator,
    kind: str,
    policies: Policies,
    at: Wholes,
    amount: Floats | None = None,
) -> Events:
    return happen(rng, kind=kind, who=policies.who, at=at, product=policies.product, amount=amount)


def _arrive(
    rng: np.random.Generator, kind: str, rate_per_day: float, policies: Policies, end: Wholes
) -> Events:
    length = np.maximum(end - policies.start, 0)
    owner, _ = _spread(rng.poisson(rate_per_day * length / DAY_SECONDS))
    at = policies.start[owner] + (rng.random(owner.size) * length[owner]).astype(np.int64)
    amount = None
    if kind == "claim":
        amount = (500.0 * rng.lognormal(0.0, 1.0, owner.size)).round(2)
    return _happen(rng, kind, policies.rows(owner), at, amount)


def _premium(rng: np.random.Generator, product: Wholes) -> Floats:
    return np.asarray((MARGINS[product] * rng.lognormal(0.6, 0.3, product.size)).round(2))


def _spread(counts: Wholes) -> tuple[Wholes, Wholes]:
    """Return the owner and the step (0, 1, ...) of each of `counts` repetitions."""
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return owner, np.arange(owner.size) - first
