"""What is known of a person, with gaps, and of the postcode that stands in for the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.contract import LIFE_EVENTS
from pipelines.insurer import names
from pipelines.insurer.people import MEDIAN_INCOME, People, Places
from pipelines.insurer.span import (
    NEVER_SECONDS,
    Flags,
    Floats,
    Wholes,
    days,
    known_after,
    logistic,
)
from pipelines.insurer.writing import Shelf, numbered, numbers, repeated, words

NO_INDIVIDUAL_SHARE = 0.15
CHANGED_SHARE = 0.3
EXPECTANT = LIFE_EVENTS.index("expectant_parent")
_EVENTS = (*LIFE_EVENTS, *names.NEW_LIFE_EVENTS)
# Shares in the order of LIFE_EVENTS: at first, and when life changes.
_FIRST_EVENT_SHARES = (0.74, 0.09, 0.08, 0.05, 0.04)
_LATER_EVENT_SHARES = (0.20, 0.32, 0.22, 0.18, 0.08)
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


def write_postcodes(rng: np.random.Generator, *, places: Places, shelf: Shelf) -> None:
    """Write one row per postcode: medians and shares, known from the first day."""
    income, age, household, owner = postcode_medians(places)
    count = income.size
    at = rng.integers(0, days(1), count)
    shelf.write(
        "demographics",
        columns={
            "demographic_id": _ids(shelf, count),
            "level": repeated("postcode", count=count),
            "customer_id": pa.nulls(count, pa.string()),
            "postcode": pa.array(places.codes),
            "income": numbers(income),
            "age": numbers(age),
            "household_size": numbers(household),
            "home_owner": numbers(owner),
            "life_event": pa.nulls(count, pa.string()),
            "occupation": pa.nulls(count, pa.string()),
            "occurred_at": shelf.span.stamps(at),
            "known_at": shelf.span.stamps(at + 3600),
        },
    )


def describe(rng: np.random.Generator, *, people: People, shelf: Shelf) -> Demographics:
    """Write the individual rows of a chunk, a second one where life changed; return what shows."""
    size = people.size
    individual = rng.random(size) >= NO_INDIVIDUAL_SHARE
    changed = rng.integers(days(60), shelf.span.seconds, size)
    changes = individual & (rng.random(size) < CHANGED_SHARE)
    changed_known = known_after(rng, occurred=changed)
    first_event = rng.choice(5, size, p=_FIRST_EVENT_SHARES)
    later_event = rng.choice(5, size, p=_LATER_EVENT_SHARES)
    novel = (changed > 0.9 * shelf.span.seconds) & (rng.random(size) < 0.25)
    later_event = np.where(novel, len(LIFE_EVENTS) + rng.integers(0, 2, size), later_event)
    for event in (first_event, later_event):
        event[rng.random(size) < 0.03] = -1
    seen = Demographics(
        individual=individual,
        income=_hidden(rng, people.income, 0.10),
        age=_hidden(rng, people.age, 0.04),
        household_size=_hidden(rng, people.household_size, 0.06),
        home_owner=_hidden(rng, people.home_owner.astype(np.float64), 0.05),
        life_event=first_event,
        later_event=later_event,
        changed_at=np.where(changes, changed_known, NEVER_SECONDS),
    )
    job = rng.integers(0, len(names.OCCUPATIONS), size)
    job[rng.random(size) < 0.08] = -1
    later_job = np.where(novel, len(names.OCCUPATIONS) + rng.integers(0, 2, size), job)
    met = rng.integers(0, days(20), size)
    first, second = np.flatnonzero(individual), np.flatnonzero(changes)
    _write_rows(_Rows(first, met[first], met[first] + 3600, first_event, job), seen, people, shelf)
    later = _Rows(second, changed[second], changed_known[second], later_event, later_job)
    _write_rows(later, seen, people, shelf)
    return seen


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows to write, and two fields of everybody that differ from row to row."""

    who: Wholes
    at: Wholes
    known: Wholes
    life_event: Wholes
    occupation: Wholes


def _write_rows(rows: _Rows, seen: Demographics, people: People, shelf: Shelf) -> None:
    shown = np.flatnonzero(rows.known <= shelf.span.seconds)
    who = rows.who[shown]
    shelf.write(
        "demographics",
        columns={
            "demographic_id": _ids(shelf, who.size),
            "level": repeated("individual", count=who.size),
            "customer_id": people.ids(who),
            "postcode": pa.nulls(who.size, pa.string()),
            "income": numbers(seen.income[who]),
            "age": numbers(seen.age[who]),
            "household_size": numbers(seen.household_size[who]),
            "home_owner": numbers(seen.home_owner[who]),
            "life_event": words(rows.life_event[who], names=_EVENTS),
            "occupation": words(rows.occupation[who], names=_JOBS),
            "occurred_at": shelf.span.stamps(rows.at[shown]),
            "known_at": shelf.span.stamps(rows.known[shown]),
        },
    )


def _ids(shelf: Shelf, count: int) -> pa.Array:
    return numbered("d", numbers=shelf.next_numbers("demographics", count=count), width=8)


def _hidden(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    return np.where(rng.random(values.size) < share, np.nan, values)
