"""How customers move by themselves: enquiry, application, issue, with plausible delays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.insurer import policies
from pipelines.insurer.catalogue import OFFERS
from pipelines.insurer.events import Events, happen, joined
from pipelines.insurer.people import People
from pipelines.insurer.policies import Policies
from pipelines.insurer.span import DAY_SECONDS, NEVER_SECONDS, Floats, Span, Wholes, days

ENQUIRY_SHARE = 0.66
APPLICATION_SHARE = 0.62
ISSUE_SHARE = 0.76
MOVED_IN_SHARE = 0.06
_ORGANIC_LAPSE_DAYS = 4000.0
_PRODUCT_SHARES = (0.25, 0.15, 0.25, 0.25, 0.10)


@dataclass(frozen=True, slots=True)
class Journeys:
    """When each customer enters a stage without our doing (seconds, NEVER_SECONDS if not)."""

    enquiry: Wholes
    application: Wholes
    issue: Wholes
    events: Events


def travel(rng: np.random.Generator, *, people: People, span: Span) -> Journeys:
    """Return the journeys of a chunk and all their events."""
    size = people.size
    begun = rng.random(size) < ENQUIRY_SHARE
    when = (0.97 * span.seconds * rng.random(size)).astype(np.int64)
    enquiry = np.where(begun, when, NEVER_SECONDS)
    application = _later(rng, enquiry, APPLICATION_SHARE, median_days=40.0, sigma=0.8)
    issue = _later(rng, application, ISSUE_SHARE, median_days=48.0, sigma=0.6)
    moved_in = rng.random(size) < MOVED_IN_SHARE
    issue = np.where(moved_in, rng.integers(0, days(40), size), issue)
    product = rng.choice(len(OFFERS), size, p=_PRODUCT_SHARES)
    asked, applied = _before(enquiry, span), _before(application, span)
    again_who = np.repeat(asked, rng.poisson(0.45, asked.size))
    again_at = enquiry[again_who] + _delay(rng.exponential(45.0, again_who.size))
    bought = _policies(rng, _before(issue, span), product, issue)
    return Journeys(
        enquiry=enquiry,
        application=application,
        issue=issue,
        events=joined(
            [
                happen(rng, kind="enquiry", who=asked, at=enquiry[asked]),
                happen(rng, kind="enquiry", who=again_who, at=again_at),
                happen(
                    rng,
                    kind="application",
                    who=applied,
                    at=application[applied],
                    product=product[applied],
                ),
                policies.begin(rng, policies=bought, applied=False),
                policies.run(rng, policies=bought, people=people, span=span),
            ]
        ),
    )


def _policies(rng: np.random.Generator, who: Wholes, product: Wholes, issue: Wholes) -> Policies:
    life = _delay(20.0 + rng.exponential(_ORGANIC_LAPSE_DAYS, who.size))
    start = issue[who]
    return Policies(who=who, product=product[who], start=start, lapse_at=start + life)


def _later(
    rng: np.random.Generator, after: Wholes, share: float, *, median_days: float, sigma: float
) -> Wholes:
    """Return a later instant for that share of those who got so far; delays are lognormal."""
    delay = _delay(median_days * rng.lognormal(0.0, sigma, after.size))
    moves = (rng.random(after.size) < share) & (after < NEVER_SECONDS)
    return np.where(moves, np.minimum(after + delay, NEVER_SECONDS), NEVER_SECONDS)


def _before(at: Wholes, span: Span) -> Wholes:
    return np.flatnonzero(at < span.seconds)


def _delay(in_days: Floats) -> Wholes:
    return (DAY_SECONDS * in_days).astype(np.int64)
