"""Contacts put into the slots of a plan: what counts, what is washed out, who is held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from models.experiments.totals import SlotTotals
from pipelines.experiments.contacts import Contacts
from routing.slots import Place, SlotPlan, in_washout, is_held_back, place_at

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PlacedContacts:
    """Contacts of a plan's first `days`: one element each, and the slot each fell into."""

    contacts: Contacts
    places: tuple[Place, ...]
    place: NDArray[np.int64]
    held: Flags
    washed: Flags

    @property
    def on(self) -> Flags:
        """Whether the slot of each contact was on."""
        standing = np.array([place.on for place in self.places], dtype=bool)
        return np.asarray(standing[self.place], dtype=bool)

    @property
    def counted(self) -> Flags:
        """Who is compared, on against off."""
        return ~self.held & ~self.washed

    @property
    def agreeing_share(self) -> float:
        """The share of those compared whose logged arm is that of the plan."""
        counted = self.counted
        if not counted.any():
            return 1.0
        return float((self.contacts.logged_on == self.on)[counted].mean())


def placed(contacts: Contacts, *, plan: SlotPlan, days: int) -> PlacedContacts:
    """Return the contacts of the plan's first `days` days, each in its slot.

    Every boundary of a plan lies on a whole minute, so that one look-up a minute is enough.
    """
    minutes, at = np.unique(contacts.minute, return_inverse=True)
    known: dict[Place, int] = {}
    where = np.full(len(minutes), -1, dtype=np.int64)
    washed = np.zeros(len(minutes), dtype=bool)
    for index, minute in enumerate(minutes):
        instant = _EPOCH + timedelta(minutes=int(minute))
        place = place_at(plan, instant)
        if place is not None and place.week * 7 + place.day < days:
            where[index] = known.setdefault(place, len(known))
            washed[index] = in_washout(plan, instant, place=place)
    inside = where[at] >= 0
    held_ids = np.array([is_held_back(plan, str(one)) for one in contacts.customer_ids], dtype=bool)
    kept = _where(contacts, inside)
    held = held_ids[kept.customer] if len(kept) else np.zeros(0, dtype=bool)
    return PlacedContacts(kept, tuple(known), where[at][inside], held, washed[at][inside])


def totals(found: PlacedContacts) -> SlotTotals:
    """Return what the contacts that count add up to in each slot that has any, in time's order."""
    counted = found.counted
    place, many = found.place[counted], len(found.places)
    money = found.contacts.money[counted]

    def added(weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        return np.bincount(place, weights=weights, minlength=many).astype(np.float64)

    contacts = added()
    order = np.array([one.week * 10_000 + one.day * 1000 + one.slot for one in found.places])
    used = np.argsort(order, kind="stable") if many else np.zeros(0, dtype=np.int64)
    used = used[contacts[used] > 0]
    chosen = [found.places[index] for index in used]
    return SlotTotals(
        coin=np.array([one.coin for one in chosen], dtype=np.int64),
        side=np.array([one.side for one in chosen], dtype=np.int64),
        on=np.array([one.on for one in chosen], dtype=bool),
        day=np.array([one.week * 7 + one.day for one in chosen], dtype=np.int64),
        hour=np.array([one.slot for one in chosen], dtype=np.int64),
        contacts=contacts[used],
        bought=added(found.contacts.bought[counted])[used],
        money=added(money)[used],
        squares=added(money**2)[used],
    )


def _where(contacts: Contacts, chosen: Flags) -> Contacts:
    return Contacts(
        contacts.customer_ids,
        contacts.customer[chosen],
        contacts.minute[chosen],
        contacts.logged_on[chosen],
        contacts.bought[chosen],
        contacts.money[chosen],
        contacts.source,
    )
