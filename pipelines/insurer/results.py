"""The tables that contacts leave behind: contacts, outcomes and, apart from them, the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.contract import CONTACT_CHANNELS, REASONS
from pipelines.insurer.attributions import dialled_numbers
from pipelines.insurer.catalogue import (
    AGENTS,
    CENTRES,
    FIRST_POOL_AGENTS,
    OFFER_IDS,
    OFFERS,
    STAGES,
    agent_id,
    agents_with,
)
from pipelines.insurer.history import History
from pipelines.insurer.people import People
from pipelines.insurer.planned import FIRST_CONTACT_DAYS, REACHED_SHARE, Contacts
from pipelines.insurer.sales import ContactTruth, Outcomes, Sales, truth_rows
from pipelines.insurer.span import Flags, Floats, Span, Wholes, days, known_after
from pipelines.insurer.terms import observe
from pipelines.insurer.truth import chances
from pipelines.insurer.writing import Shelf, numbered, numbers, repeated, words

UNKNOWN_SHARE = 0.03
_QUEUES = ("sales_first", "sales_any", "service")


def contact_ids(given: Wholes) -> pa.Array:
    """Return the ids of contacts by number."""
    return numbered("k", numbers=given, width=7)


def write_contacts(
    rng: np.random.Generator, *, contacts: Contacts, sales: Sales, people: People, shelf: Shelf
) -> Wholes:
    """Write the contacts of a chunk, strangers among them; return each contact's number."""
    strangers = int(rng.binomial(contacts.who.size, UNKNOWN_SHARE / (1 - UNKNOWN_SHARE)))
    rows = _with_strangers(rng, contacts, sales, strangers, shelf.span)
    order = np.argsort(rows.at, kind="stable")
    given = np.empty(order.size, dtype=np.int64)
    given[order] = shelf.next_numbers("contacts", count=order.size)
    columns = {"contact_id": contact_ids(given)} | _columns(rng, rows, people, shelf.span)
    in_order = pa.array(order)
    shelf.write("contacts", columns={name: c.take(in_order) for name, c in columns.items()})
    return given[: contacts.who.size]


def write_outcomes(
    outcomes: Outcomes, *, contacts: Contacts, given: Wholes, people: People, shelf: Shelf
) -> None:
    """Write the outcomes that are known before the world ends; `given` numbers the contacts."""
    shown = np.flatnonzero(outcomes.known <= shelf.span.seconds)
    shown = shown[np.argsort(outcomes.at[shown], kind="stable")]
    contact = outcomes.contact[shown]
    shelf.write(
        "outcomes",
        columns={
            "contact_id": contact_ids(given[contact]),
            "customer_id": people.ids(contacts.who[contact]),
            "offer_id": words(outcomes.offer[shown], names=OFFER_IDS),
            "accepted": pa.array(outcomes.accepted[shown]),
            "revenue": pa.array(outcomes.revenue[shown]),
            "occurred_at": shelf.span.stamps(outcomes.at[shown]),
            "known_at": shelf.span.stamps(outcomes.known[shown]),
        },
    )


def write_contact_truth(truth: ContactTruth, *, given: Wholes, shelf: Shelf) -> None:
    """Write the truth behind every contact that reached an agent, per eligible offer."""
    columns = {"contact_id": contact_ids(given[truth.contact])}
    shelf.write_truth("contact_truth", columns=columns | _truth_columns(truth))


def write_customer_truth(
    history: History, *, people: People, contacts: Contacts, shelf: Shelf
) -> None:
    """Write the truth about every customer as the world ends, per eligible offer."""
    everyone = np.arange(people.size)
    seen = observe(
        history,
        who=everyone,
        at=np.full(people.size, shelf.span.seconds),
        prior=np.bincount(contacts.who, minlength=people.size),
        reason=None,
    )
    truth = truth_rows(seen.stage, truth=chances(seen), rows=everyone)
    columns = {"customer_id": people.ids(truth.contact)} | _truth_columns(truth)
    columns["uplift"] = pa.array(truth.accept - truth.anyway)
    shelf.write_truth("customer_truth", columns=columns)


def _truth_columns(truth: ContactTruth) -> dict[str, pa.Array]:
    return {
        "offer_id": words(truth.offer, names=OFFER_IDS),
        "stage": words(truth.stage, names=STAGES),
        "accept_probability": pa.array(truth.accept),
        "anyway_probability": pa.array(truth.anyway),
        "lapse_probability": pa.array(truth.lapse),
    }


@dataclass(frozen=True, slots=True)
class _Rows:
    """Contacts as columns, strangers (`who` is -1) at the end."""

    who: Wholes
    at: Wholes
    reason: Wholes
    channel: Wholes
    reached: Flags
    offer: Wholes
    probability: Floats


def _with_strangers(
    rng: np.random.Generator, contacts: Contacts, sales: Sales, count: int, span: Span
) -> _Rows:
    first, last = days(FIRST_CONTACT_DAYS), span.seconds - 7200
    made, nobody = sales.presentations, np.full(count, -1)
    reached = rng.random(count) < REACHED_SHARE
    return _Rows(
        who=np.append(contacts.who, nobody),
        at=np.append(contacts.at, rng.integers(first, last, count)),
        reason=np.append(contacts.reason, rng.integers(0, len(REASONS), count)),
        channel=np.append(contacts.channel, np.zeros(count, dtype=np.int64)),
        reached=np.append(contacts.reached, reached),
        offer=np.append(made.offer, nobody),
        probability=np.append(made.probability, np.where(reached, 1.0, np.nan)),
    )


def _columns(
    rng: np.random.Generator, rows: _Rows, people: People, span: Span
) -> dict[str, pa.Array]:
    size = rows.who.size
    agent = np.where(rows.reached, _agents(rng, rows.offer), -1)
    place = np.where(agent >= 0, agent % 2, rng.integers(0, len(CENTRES), size))
    queue = np.where(rows.offer < 0, 2, (agent >= FIRST_POOL_AGENTS).astype(np.int64))
    by_phone = rows.channel <= 1
    wait = rng.exponential(np.where(by_phone, 45.0, 900.0))
    handled = np.where(rows.reached, rng.lognormal(5.6, 0.6, size), 0.0)
    known = known_after(rng, occurred=rows.at, late_share=0.0)
    return {
        "customer_id": people.ids(rows.who),
        "channel": words(rows.channel, names=CONTACT_CHANNELS),
        "calling_number": _calling(rng, rows, people, by_phone),
        "dialled_number": dialled_numbers(np.where(by_phone, rng.integers(0, 60, size), -1)),
        "reason": words(rows.reason, names=REASONS),
        "centre": words(place, names=[name for name, *_ in CENTRES]),
        "queue": words(queue, names=_QUEUES),
        "agent_id": words(agent, names=[agent_id(a) for a in range(AGENTS)]),
        "waited_seconds": pa.array(wait.round(1)),
        "handled_seconds": pa.array(handled.round(1)),
        "reached_agent": pa.array(rows.reached),
        "offer_id": words(rows.offer, names=OFFER_IDS),
        "offer_probability": numbers(rows.probability),
        "arm": repeated("explore", count=size),
        "occurred_at": span.stamps(rows.at),
        "known_at": span.stamps(np.minimum(known, rows.at + 3540)),
    }


def _agents(rng: np.random.Generator, offer: Wholes) -> Wholes:
    """Return an agent for each contact, one who may sell what was presented."""
    agent = rng.integers(0, AGENTS, offer.size)
    for place, sold in enumerate(OFFERS):
        rows = np.flatnonzero(offer == place)
        agent[rows] = rng.choice(agents_with(sold.licence), rows.size)
    return agent


def _calling(rng: np.random.Generator, rows: _Rows, people: People, by_phone: Flags) -> pa.Array:
    """Return the numbers shown: mostly the customer's own, sometimes another or none."""
    draw = rng.random(rows.who.size)
    known = rows.who >= 0
    customer = np.maximum(rows.who, 0)
    own = np.where(
        (draw < 0.1) & (people.second_phone[customer] >= 0),
        people.second_phone[customer],
        people.phone[customer],
    )
    ours = numbered("+1555", numbers=np.where(known & by_phone & (draw < 0.9), own, -1), width=7)
    elsewhere = rng.integers(0, 10_000_000, rows.who.size)
    shows = by_phone & np.where(known, (draw >= 0.9) & (draw < 0.95), draw < 0.8)
    other = numbered("+1556", numbers=np.where(shows, elsewhere, -1), width=7)
    return pc.coalesce(ours, other)
