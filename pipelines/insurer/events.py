"""Customer events of a chunk, as columns: who, what, which product, how much, when, known when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.contract import EVENT_KINDS
from pipelines.insurer.catalogue import OFFER_PRODUCTS
from pipelines.insurer.people import People
from pipelines.insurer.span import Floats, Wholes, known_after
from pipelines.insurer.writing import Shelf, numbered, numbers, words

KIND = {kind: code for code, kind in enumerate(EVENT_KINDS)}


@dataclass(frozen=True, slots=True)
class Events:
    """Equal-length columns; `who` is a row of the chunk's people, `product` an offer or -1."""

    who: Wholes
    kind: Wholes
    product: Wholes
    amount: Floats
    at: Wholes
    known: Wholes

    def of(self, kind: str) -> Events:
        """Return the events of one kind."""
        keep = self.kind == KIND[kind]
        return Events(
            self.who[keep],
            self.kind[keep],
            self.product[keep],
            self.amount[keep],
            self.at[keep],
            self.known[keep],
        )


def happen(
    rng: np.random.Generator,
    *,
    kind: str,
    who: Wholes,
    at: Wholes,
    product: Wholes | None = None,
    amount: Floats | None = None,
) -> Events:
    """Return events of one kind; most are known within minutes, some days late."""
    return Events(
        who=who,
        kind=np.full(who.size, KIND[kind], dtype=np.int64),
        product=np.full(who.size, -1, dtype=np.int64) if product is None else product,
        amount=np.full(who.size, np.nan) if amount is None else amount,
        at=at.astype(np.int64),
        known=known_after(rng, occurred=at.astype(np.int64)),
    )


def joined(parts: Sequence[Events]) -> Events:
    """Return all events of the parts, in their order."""
    return Events(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("who", "kind", "product", "amount", "at", "known")
        )
    )


def write_events(events: Events, *, people: People, shelf: Shelf) -> None:
    """Write the events that are known before the world ends, by customer and time."""
    shown = np.flatnonzero(events.known <= shelf.span.seconds)
    shown = shown[np.lexsort((events.at[shown], events.who[shown]))]
    shelf.write(
        "customer_events",
        columns={
            "event_id": numbered(
                "e", numbers=shelf.next_numbers("customer_events", count=shown.size), width=9
            ),
            "customer_id": people.ids(events.who[shown]),
            "kind": words(events.kind[shown], names=EVENT_KINDS),
            "product": words(events.product[shown], names=OFFER_PRODUCTS),
            "amount": numbers(events.amount[shown]),
            "occurred_at": shelf.span.stamps(events.at[shown]),
            "known_at": shelf.span.stamps(events.known[shown]),
        },
    )
