"""What is known of a person, with gaps, and of the postcode that stands in for the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.contract import LEVELS, LIFE_EVENTS
from pipelines.insurer import names
from pipelines.insurer.people import MEDIAN_INCOME, People, Places
from pipelines.insurer.span import (
    NEVER_SECONDS,
    Flags,
    Floats,
    Span,
    Wholes,
    days,
    known_after,
    logistic,
)
from pipelines.insurer.writing import Sink, numbered, numbers, words

NO_INDIVIDUAL_SHARE = 0.15
EXPECTANT = LIFE_EVENTS.index("expectant_parent")
_EVENTS = (*LIFE_EVENTS, *names.NEW_LIFE_EVENTS)
_JOBS = (*names.OCCUPATIONS, *names.NEW_OCCUPATIONS)


@dataclass(frozen=True, slots=True)
class Demographics:
    """What can be seen of each customer: NaN or -1 where it cannot.

    `life_event` holds until `changed_at` (seconds, when known), `later_event` from then on.
    """

    individual: Flags
    income: Floats
    age: Floats
    household_size: Floats
    home_owner: Floats
    life_event: Wholes
    later_event: Wholes
    changed_at: Wholes


def postcode_medians(places: Places) -> tuple[Floats, Floats, Floats, Floats]:
    """Return income, age, household size and share of owners per postcode."""
    income = (MEDIAN_INCOME * np.exp(0.40 * places.wealth - 0.03)).round(-2)
    age = places.age.round()
    owner = logistic(-0.1 + 0.04 * (places.age - 46.0) + 0.44 * places.wealth).round(2)
    return income, age, np.full(age.size, 2.4), owner


def write_postcodes(
    rng: np.random.Generator, places: Places, span: Span, sink: Sink, partner: str
) -> None:
    """Write one row per postcode: medians and shares, known from the first day."""
    income, age, household, owner = postcode_medians(places)
    count = income.size
    at = rng.integers(0, days(1), count)
    sink.write(
        "demographics",
        partner,
        {
            "demographic_id": numbered("d", sink.next_numbers("demographics", count), width=8),
            "level": words(np.ones(count, dtype=np.int64), LEVELS),
            "customer_id": pa.nulls(count, pa.string()),
            "postcode": pa.array(places.codes),
            "income": numbers(income),
            "age": numbers(age),
            "household_size": numbers(household),
            "home_owner": numbers(owner),
            "life_event": pa.nulls(count, pa.string()),
            "occupation": pa.nulls(count, pa.string()),
            "occurred_at": span.stamps(at),
            "known_at": span.stamps(at + 3600),
        },
    )


def describe(
    rng: np.random.Generator, people: People, span: Span, sink: Sink, partner: str
) -> Demographics:
    """Write the individual rows of a chunk, a second one where life changed; return what shows."""
    size = people.size
    individual = rng.random(size) >= NO_INDIVIDUAL_SHARE
    income = _hidden(rng, people.income, 0.10)
    age = _hidden(rng, people.age, 0.04)
    household = _hidden(rng, people.household_size, 0.06)
    owner = _hidden(rng, people.home_owner.astype(np.float64), 0.05)
    first_event = rng.choice(5, size, p=(0.74, 0.09, 0.08, 0.05, 0.04))
    later_event = rng.choice(5, size, p=(0.20, 0.32, 0.22, 0.18, 0.08))
    job = rng.integers(0, len(names.OCCUPATIONS), size)
    job[rng.random(size) < 0.08] = -1
    changes = individual & (rng.random(size) < 0.3)
    changed = rng.integers(days(60), span.seconds, size)
    novel = changes & (changed > 0.9 * span.seconds) & (rng.random(size) < 0.25)
    later_event[novel] = len(LIFE_EVENTS) + rng.integers(0, 2, size)[novel]
    later_job = np.where(novel, len(names.OCCUPATIONS) + rng.integers(0, 2, size), job)
    for event in (first_event, later_event):
        event[rng.random(size) < 0.03] = -1
    first_at = rng.integers(0, days(20), size)
    changed_known = known_after(rng, changed)
    seen = Demographics(
        *(individual, income, age, household, owner, first_event, later_event),
        changed_at=np.where(changes, changed_known, NEVER_SECONDS),
    )
    first, second = np.flatnonzero(individual), np.flatnonzero(changes)
    rows = np.concatenate((first, second))
    occurred = np.concatenate((first_at[first], changed[second]))
    known = np.concatenate((first_at[first] + 3600, changed_known[second]))
    life = np.concatenate((first_event[first], later_event[second]))
    work = np.concatenate((job[first], later_job[second]))
    keep = known <= span.seconds
    _write_individuals(
        people, span, sink, partner, seen,
        rows[keep], occurred[keep], known[keep], life[keep], work[keep],
    )  # fmt: skip
    return seen


def _write_individuals(
    people: People,
    span: Span,
    sink: Sink,
    partner: str,
    seen: Demographics,
    rows: Wholes,
    occurred: Wholes,
    known: Wholes,
    life: Wholes,
    work: Wholes,
) -> None:
    count = rows.size
    sink.write(
        "demographics",
        partner,
        {
            "demographic_id": numbered("d", sink.next_numbers("demographics", count), width=8),
            "level": words(np.zeros(count, dtype=np.int64), LEVELS),
            "customer_id": people.ids(rows),
            "postcode": pa.nulls(count, pa.string()),
            "income": numbers(seen.income[rows]),
            "age": numbers(seen.age[rows]),
            "household_size": numbers(seen.household_size[rows]),
            "home_owner": numbers(seen.home_owner[rows]),
            "life_event": words(life, _EVENTS),
            "occupation": words(work, _JOBS),
            "occurred_at": span.stamps(occurred),
            "known_at": span.stamps(known),
        },
    )


def _hidden(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    return np.where(rng.random(values.size) < share, np.nan, values)
