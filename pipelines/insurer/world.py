"""Generate the whole world: partner by partner, chunk by chunk, each chunk from its own seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from features.contract import ALL_PARTNERS
from features.progress import Track, silent
from features.staging import staged_folder
from pipelines.insurer import catalogue, names
from pipelines.insurer.activity import browse, write_activity
from pipelines.insurer.attributions import reach, write_attributions
from pipelines.insurer.demographics import describe, write_postcodes
from pipelines.insurer.errors import InsurerError
from pipelines.insurer.events import joined, write_events
from pipelines.insurer.history import History, shown_fields
from pipelines.insurer.journeys import travel
from pipelines.insurer.people import Places, customers_table, populate, settle
from pipelines.insurer.planned import plan
from pipelines.insurer.results import (
    write_contact_truth,
    write_contacts,
    write_customer_truth,
    write_outcomes,
)
from pipelines.insurer.sales import sell
from pipelines.insurer.span import Span, Wholes
from pipelines.insurer.writing import Shelf

CHUNK_CUSTOMERS = 50_000
MOST_CUSTOMERS = 5_000_000
FEWEST_MONTHS, MOST_MONTHS = 6, 120
_SOURCES = (
    *("people", "table", "demographics", "journeys", "contacts", "activity"),
    *("activity_table", "touches", "touches_table", "sales", "contacts_table"),
)


def generate(
    root: Path,
    *,
    customers: int,
    partners: int = 2,
    months: int = 24,
    seed: int = 7,
    until: datetime,
    track: Track = silent,
) -> Path:
    """Write a world of all contract tables below `root`, replacing it at once, and return it.

    Every row is known by `until` (aware); the same arguments give the same rows. The truth lies
    in `root`/truth, for tests and benchmarks alone. Raises InsurerError on impossible arguments.
    """
    _check(customers=customers, partners=partners, months=months, until=until)
    span = Span(until=until.astimezone(UTC), months=months)
    with (
        staged_folder(root) as staged,
        track("Generating customers", total=customers, unit="customers") as done,
    ):
        houses = names.PARTNERS[:partners]
        shelf = Shelf(root=staged, span=span, partner=ALL_PARTNERS)
        for table, columns in catalogue.tables().items():
            shelf.write(table, columns=columns)
        places = settle(_generators((seed,), ("places",))["places"])
        for place, given in enumerate(_shares(customers, partners)):
            shelf = shelf.of(houses[place])
            write_postcodes(np.random.default_rng((seed, place)), places=places, shelf=shelf)
            for chunk, numbers in enumerate(_chunks(given)):
                streams = _generators((seed, place, chunk), _SOURCES)
                _generate_chunk(streams, numbers, places=places, shelf=shelf)
                done(numbers.size)
        (staged / "world.json").write_text(_description(customers, seed, span, houses))
    return root


def _generate_chunk(
    streams: Mapping[str, np.random.Generator], numbers: Wholes, *, places: Places, shelf: Shelf
) -> None:
    span = shelf.span
    people = populate(streams["people"], places=places, given=numbers)
    shelf.write(
        "customers",
        columns=customers_table(streams["table"], people=people, places=places, span=span),
    )
    seen = describe(streams["demographics"], people=people, shelf=shelf)
    journeys = travel(streams["journeys"], people=people, span=span)
    contacts = plan(streams["contacts"], people=people, journeys=journeys, span=span)
    activity = browse(
        streams["activity"], people=people, journeys=journeys, contacts=contacts, span=span
    )
    write_activity(streams["activity_table"], activity=activity, people=people, shelf=shelf)
    touches = reach(streams["touches"], people=people, journeys=journeys, span=span)
    write_attributions(streams["touches_table"], touches=touches, people=people, shelf=shelf)
    history = History(
        fields=shown_fields(people, places=places, seen=seen),
        seen=seen,
        touches=touches,
        activity=activity,
        events=journeys.events,
    )
    sales = sell(streams["sales"], people=people, contacts=contacts, history=history, span=span)
    write_events(joined([journeys.events, sales.events]), people=people, shelf=shelf)
    given = write_contacts(
        streams["contacts_table"], contacts=contacts, sales=sales, people=people, shelf=shelf
    )
    write_outcomes(sales.outcomes, contacts=contacts, given=given, people=people, shelf=shelf)
    write_contact_truth(sales.truth, given=given, shelf=shelf)
    write_customer_truth(history, people=people, contacts=contacts, shelf=shelf)


def _check(*, customers: int, partners: int, months: int, until: datetime) -> None:
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise InsurerError(
            f"A world of {customers} customers cannot be made.",
            fix=f"Ask for 1 to {MOST_CUSTOMERS}.",
        )
    if not 1 <= partners <= min(len(names.PARTNERS), customers):
        raise InsurerError(
            f"A world of {partners} partners cannot be made.",
            fix=f"Ask for 1 to {min(len(names.PARTNERS), customers)}.",
        )
    if not FEWEST_MONTHS <= months <= MOST_MONTHS:
        raise InsurerError(
            f"A world of {months} months cannot be made.",
            fix=f"Ask for {FEWEST_MONTHS} to {MOST_MONTHS}.",
        )
    if until.tzinfo is None:
        raise InsurerError(
            f"The end {until.isoformat()} has no time zone.", fix="Give it one, such as UTC."
        )


def _generators(seed: tuple[int, ...], sources: tuple[str, ...]) -> dict[str, np.random.Generator]:
    """Return one independent stream per source."""
    spawned = np.random.SeedSequence(seed).spawn(len(sources))
    return {s: np.random.default_rng(one) for s, one in zip(sources, spawned, strict=True)}


def _shares(customers: int, partners: int) -> list[Wholes]:
    """Return the numbers of each partner's customers: the first partner is the biggest."""
    weights = 1.0 / np.arange(1, partners + 1)
    edges = np.round(customers * np.cumsum(weights) / weights.sum()).astype(np.int64)
    return np.split(np.arange(customers, dtype=np.int64), edges[:-1])


def _chunks(numbers: Wholes) -> list[Wholes]:
    return np.array_split(numbers, max(-(-numbers.size // CHUNK_CUSTOMERS), 1))


def _description(customers: int, seed: int, span: Span, partners: tuple[str, ...]) -> str:
    facts = {
        "customers": customers,
        "seed": seed,
        "months": span.months,
        "start": span.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "until": span.until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "partners": list(partners),
    }
    return json.dumps(facts, indent=2) + "\n"
