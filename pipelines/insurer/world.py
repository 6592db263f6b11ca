"""Generate the whole world: partner by partner, chunk by chunk, each chunk from its own seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

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
from pipelines.insurer.writing import Sink

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
        sink = Sink(staged)
        houses = names.PARTNERS[:partners]
        _write_catalogue(sink, houses[0])
        places = settle(_generators((seed,), ("places",))["places"])
        for place, given in enumerate(_shares(customers, partners)):
            partner = houses[place]
            write_postcodes(np.random.default_rng((seed, place)), places, span, sink, partner)
            for chunk, numbers in enumerate(_chunks(given)):
                streams = _generators((seed, place, chunk), _SOURCES)
                _generate_chunk(streams, places, span, sink, partner, numbers, done)
        (staged / "world.json").write_text(_description(customers, seed, span, houses))
    return root


def _generate_chunk(
    streams: dict[str, np.random.Generator],
    places: Places,
    span: Span,
    sink: Sink,
    partner: str,
    numbers: Wholes,
    done: Callable[[int], None],
) -> None:
    people = populate(streams["people"], places, numbers)
    sink.write("customers", partner, customers_table(streams["table"], people, places, span))
    seen = describe(streams["demographics"], people, span, sink, partner)
    journeys = travel(streams["journeys"], people, span)
    contacts = plan(streams["contacts"], people, journeys, span)
    activity = browse(streams["activity"], people, journeys, contacts, span)
    write_activity(streams["activity_table"], activity, people, span, sink, partner)
    touches = reach(streams["touches"], people, journeys, span)
    write_attributions(streams["touches_table"], touches, people, span, sink, partner)
    history = History(
        fields=shown_fields(people, places, seen),
        seen=seen,
        touches=touches,
        activity=activity,
        events=journeys.events,
    )
    sales = sell(streams["sales"], people, span, contacts, history)
    write_events(joined([journeys.events, sales.events]), people, span, sink, partner)
    given = write_contacts(streams["contacts_table"], contacts, sales, people, span, sink, partner)
    write_outcomes(sales, contacts, given, people, span, sink, partner)
    write_contact_truth(sales.truth, given, sink, partner)
    write_customer_truth(history, people, contacts, span, sink, partner)
    done(people.size)


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


def _write_catalogue(sink: Sink, partner: str) -> None:
    sink.write("offers", partner, catalogue.offers_table(partner))
    sink.write("agents", partner, catalogue.agents_table(partner))
    sink.write("centres", partner, catalogue.centres_table(partner))


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
