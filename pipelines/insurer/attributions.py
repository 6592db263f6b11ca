"""Which marketing touched a customer, by which medium, on which number, at what cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.contract import MEDIA
from pipelines.insurer.journeys import Journeys
from pipelines.insurer.names import CAMPAIGNS
from pipelines.insurer.people import People
from pipelines.insurer.span import DAY_SECONDS, Span, Wholes, known_after
from pipelines.insurer.writing import Shelf, numbered, words

_MEDIUM_SHARES = (0.18, 0.28, 0.22, 0.14, 0.12, 0.06)
_COSTS = np.array([9.0, 3.0, 2.0, 4.5, 0.5, 6.0])


@dataclass(frozen=True, slots=True)
class Touches:
    """Equal-length columns by customer and time known."""

    who: Wholes
    medium: Wholes
    at: Wholes
    known: Wholes


def reach(rng: np.random.Generator, *, people: People, journeys: Journeys, span: Span) -> Touches:
    """Return the touches of a chunk: one before most enquiries, others at any time."""
    asked = np.flatnonzero(journeys.enquiry < span.seconds)
    asked = asked[rng.random(asked.size) < 0.85]
    before = rng.exponential(6.0 * DAY_SECONDS, asked.size).astype(np.int64)
    other = np.repeat(np.arange(people.size), rng.poisson(0.95, people.size))
    who = np.concatenate((asked, other))
    at = np.concatenate(
        (
            np.maximum(journeys.enquiry[asked] - before, 0),
            (span.seconds * rng.random(other.size)).astype(np.int64),
        )
    )
    medium = rng.choice(len(MEDIA), who.size, p=_MEDIUM_SHARES)
    known = known_after(rng, occurred=at)
    keep = np.flatnonzero(known <= span.seconds)
    keep = keep[np.argsort((who[keep] << 32) | known[keep], kind="stable")]
    return Touches(who[keep], medium[keep], at[keep], known[keep])


def dialled_numbers(lines: Wholes) -> pa.Array:
    """Return the advertised numbers; a negative line becomes null."""
    return numbered("+18005550", numbers=lines, width=3)


def write_attributions(
    rng: np.random.Generator, *, touches: Touches, people: People, shelf: Shelf
) -> None:
    """Write the touches of a chunk."""
    size = touches.who.size
    campaign = rng.integers(0, len(CAMPAIGNS), size)
    line = np.where(rng.random(size) < 0.4, 10 * touches.medium + campaign, -1)
    cost = (_COSTS[touches.medium] * rng.lognormal(0.0, 0.4, size)).round(2)
    shelf.write(
        "attributions",
        columns={
            "attribution_id": numbered(
                "t", numbers=shelf.next_numbers("attributions", count=size), width=9
            ),
            "customer_id": people.ids(touches.who),
            "campaign": words(campaign, names=CAMPAIGNS),
            "medium": words(touches.medium, names=MEDIA),
            "dialled_number": dialled_numbers(line),
            "cost": pa.array(cost),
            "occurred_at": shelf.span.stamps(touches.at),
            "known_at": shelf.span.stamps(touches.known),
        },
    )
