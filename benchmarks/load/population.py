"""A population of made-up customers of any size: each strategy, what is known, how to be found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np

from routing.strategy import Handling, RankedOffer, Reason, Signals, Strategy
from routing.strategy_index import ContactDetails
from routing.tasks import route_to, task_of
from routing.vectors import packed

PARTNER, OFFERS, FEATURES = "main", 5, 109
FORMED_AT = datetime(2026, 11, 22, 2, tzinfo=UTC)
FEATURE_NAMES = tuple(f"feature_{at}" for at in range(FEATURES))
_STAGES = ("prospect", "lead", "new_business", "purchaser")
_GROUPS = ("first", "second", "third")
_GIVEN = ("Ada", "Bruno", "Chloe", "Dario", "Emma", "Femi", "Greta", "Hugo", "Ines", "Jonas")
_FAMILY = ("Moore", "Okafor", "Silva", "Novak", "Rossi", "Larsen", "Haddad", "Kim", "Weber", "Diaz")
_STREETS = ("Elm Row", "Mill Lane", "Station Road", "High Street", "Park Avenue", "Church Hill")
_REASONS = (
    "asked for a quote 6 days ago", "2 payments missed in 90 days", "has been with us for 7 years",
    "opened 4 letters this month", "called twice last week", "lives in a younger area",
)  # fmt: skip
_HORIZON = timedelta(days=7)

Entry = tuple[Strategy, ContactDetails]


def details_of(number: int) -> ContactDetails:
    """Return how customer `number` may be recognised: a phone, a name, a street and a postcode."""
    given, family = _GIVEN[number % 10], _FAMILY[number // 10 % 10]
    street = f"{number // 100 % 400} {_STREETS[number % 6]}"
    phone = f"+1{2_000_000_000 + number}"
    return ContactDetails((phone,), f"{given} {family} {number}", street, f"{number % 99_991:05d}")


def id_of(number: int) -> str:
    """Return the id of customer `number`."""
    return f"{PARTNER}-{number:09d}"


def entries(numbers: Iterator[int], draw: np.random.Generator, *, batch: int) -> Iterator[Entry]:
    """Yield strategies of these customers: every offer ranked with figures of its own."""
    while found := list(islice(numbers, batch)):
        figures = draw.random((len(found), OFFERS, 3)).round(4).tolist()
        values = draw.gamma(2.0, 200.0, len(found)).round(2).tolist()
        for number, offered, value in zip(found, figures, values, strict=True):
            yield _strategy(number, offered, value), details_of(number)


def vectors(count: int, draw: np.random.Generator) -> list[bytes]:
    """Return what is known of `count` customers: mostly small counts, some amounts, some gaps."""
    counts = draw.poisson(1.0, (count, FEATURES - 30)).astype(float).tolist()
    amounts = draw.gamma(2.0, 50.0, (count, 20)).round(2).tolist()
    gaps: list[object] = [None] * 10
    return [packed([*mine, *money, *gaps]) for mine, money in zip(counts, amounts, strict=True)]


def _strategy(number: int, offered: list[list[float]], value: float) -> Strategy:
    stage, group = _STAGES[number % 4], number % 3
    ranked = sorted(offered, key=lambda one: -one[2])
    offers = tuple(
        RankedOffer(
            f"offer_{at}", at == 0, likelihood, uplift, round(100 * money - 40, 2),
            "adds more than presenting it costs" if at == 0 else "another offer adds more",
        )
        for at, (likelihood, uplift, money) in enumerate(ranked)
    )  # fmt: skip
    likelihood = ranked[0][0]
    return Strategy(
        id_of(number), PARTNER, stage, _GROUPS[group],
        Signals(likelihood, ranked[1][0], ranked[2][0], value),
        route_to(task_of(stage), group=group),
        Handling(offers, f"Value group {_GROUPS[group]}, {stage}."),
        tuple(Reason(_REASONS[(number + at) % 6], ranked[at][1]) for at in range(3)),
        "17", FORMED_AT, FORMED_AT + _HORIZON,
    )  # fmt: skip
