"""When customers get in touch, why and how; what is offered then is decided contact by contact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.contract import CONTACT_CHANNELS, REASONS
from pipelines.insurer.journeys import Journeys
from pipelines.insurer.people import People
from pipelines.insurer.span import DAY_SECONDS, Flags, Floats, Span, Wholes, days

FIRST_CONTACT_DAYS = 60
REACHED_SHARE = 0.75
_CHANNEL_SHARES = (0.68, 0.10, 0.08, 0.09, 0.05)
# Contacts per day at each stage, and how strongly they crowd at its start (1: not at all).
_RATES_PER_DAY = (0.00068, 0.0025, 0.0062, 0.0019)
_CROWDING = (1.0, 2.5, 1.3, 1.0)
# Shares of the reasons at each stage, in the order of REASONS.
_REASON_SHARES = np.array(
    [
        (0.50, 0.08, 0.02, 0.12, 0.05, 0.23),
        (0.48, 0.08, 0.03, 0.12, 0.09, 0.20),
        (0.26, 0.18, 0.03, 0.20, 0.15, 0.18),
        (0.16, 0.30, 0.14, 0.18, 0.12, 0.10),
    ]
)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Equal-length columns, by customer and time; `turn` counts a customer's contacts from 0."""

    who: Wholes
    at: Wholes
    turn: Wholes
    reason: Wholes
    channel: Wholes
    reached: Flags


def reason_shares(stage: Wholes) -> Floats:
    """Return the share of each reason at each of the stages."""
    return np.asarray(_REASON_SHARES[stage])


def plan(rng: np.random.Generator, *, people: People, journeys: Journeys, span: Span) -> Contacts:
    """Return the contacts of a chunk of customers."""
    first, last = days(FIRST_CONTACT_DAYS), span.seconds - 7200
    marks = (np.zeros_like(journeys.enquiry), journeys.enquiry, journeys.application)
    ends = [journeys.issue, np.full(people.size, last)]
    for mark in (journeys.application, journeys.enquiry):
        ends.insert(0, np.minimum(mark, ends[0]))
    temper = rng.gamma(2.0, 0.5, people.size)
    who, at, reason = [], [], []
    for stage, begin in enumerate((*marks, journeys.issue)):
        start, end = np.maximum(begin, first), np.minimum(ends[stage], last)
        length = np.maximum(end - start, 0)
        count = rng.poisson(_RATES_PER_DAY[stage] * temper * length / DAY_SECONDS)
        rows = np.repeat(np.arange(people.size), count)
        share = rng.random(rows.size) ** _CROWDING[stage]
        who.append(rows)
        at.append(start[rows] + (share * length[rows]).astype(np.int64))
        reason.append(rng.choice(len(REASONS), rows.size, p=_REASON_SHARES[stage]))
    return _in_order(rng, *(np.concatenate(parts) for parts in (who, at, reason)))


def _in_order(rng: np.random.Generator, who: Wholes, at: Wholes, reason: Wholes) -> Contacts:
    order = np.lexsort((at, who))
    who = who[order]
    first = np.searchsorted(who, who, side="left")
    return Contacts(
        who=who,
        at=at[order],
        turn=np.arange(who.size) - first,
        reason=reason[order],
        channel=rng.choice(len(CONTACT_CHANNELS), who.size, p=_CHANNEL_SHARES),
        reached=rng.random(who.size) < REACHED_SHARE,
    )
