"""The problem to solve, and a batch made ready for it: values, usage, who may have what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routing.allocation.batch import CustomerBatch, Draws, Flags, Floats, checked, draws
from routing.allocation.errors import BatchError, LimitsFileError, nearest
from routing.allocation.limits import (
    AgentMinutes,
    ContactCap,
    Counts,
    Limits,
    MinimumShare,
    OfferStock,
    RestDays,
    is_floor,
)
from routing.offers import Offer

# Usage is counted in whole parts of a unit, so that sums are exact in any order: a billionth.
PARTS = 2**30
# Money is counted in whole parts as well: a millionth.
MONEY_PARTS = 2**20
LARGEST = 1e9  # units of a limit, and of money in all, that the counts hold with room to spare

Wholes = NDArray[np.int64]
Picks = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Problem:
    """What holds for all customers; `presentation_minutes` are agent minutes by offer id."""

    offers: tuple[Offer, ...]
    limits: Limits
    presentation_minutes: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the shared limits, in order."""
        return tuple(limit.name for limit in self.limits.shared)

    @property
    def signs(self) -> NDArray[np.int64]:
        """(L,) 1 for what may be used at most, -1 for floors: signed usage stays below a bound."""
        return np.array(
            [-1 if is_floor(each) else 1 for each in self.limits.shared], dtype=np.int64
        )

    def offer_factors(self) -> Floats:
        """Return (L, m) units that one presentation uses; LimitsFileError where minutes lack."""
        minutes = {**self.presentation_minutes, **self.limits.presentation_minutes}
        for offer in self.offers:
            timed = any(isinstance(each, AgentMinutes) for each in self.limits.shared)
            if timed and offer.offer_id not in minutes:
                raise LimitsFileError(
                    f"Nobody says how many minutes presenting {offer.offer_id} takes.",
                    fix=f"Write {offer.offer_id} = 5.0 under [presentation_minutes].",
                )
            minutes.setdefault(offer.offer_id, 0.0)
        found = [each.of_offers(self.offers, minutes=minutes) for each in self.limits.shared]
        return np.array(found).reshape(len(found), len(self.offers))

    def bounds(self, *, contacts: float) -> Wholes:
        """Return (L,) signed bounds in parts, rounded so that keeping them keeps the limits.

        `contacts` are the expected contacts of all customers.
        """
        amounts = [
            -each.at_least * contacts if isinstance(each, MinimumShare) else each.at_most
            for each in self.limits.shared
        ]
        # What is more than anybody can use is counted as that much.
        held = np.minimum(np.array(amounts, dtype=np.float64), 4 * LARGEST)
        return np.asarray(np.floor(held * PARTS), dtype=np.int64)

    def index_of(self, name: str) -> int:
        """Return the place of the shared limit of that name, or raise LimitsFileError."""
        if name not in self.names:
            raise LimitsFileError(
                f"There is no limit '{name}'.",
                fix=f"There are: {', '.join(self.names)}.{nearest(name, self.names)}",
            )
        return self.names.index(name)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch made ready for a problem with L limits.

    `value` (n, m) is money per contact, -inf where the offer may not be presented; it is raised
    by a trifle that depends on the id, where ties are to be spread. `weight` (n,) are the
    contacts on which something may be presented, `places` (n,) how many offers on each.
    """

    batch: CustomerBatch
    draw: Draws
    open: Flags
    value: Floats
    weight: Floats
    places: NDArray[np.int64]
    signs: NDArray[np.int64]
    customer_factors: Floats
    offer_factors: Floats
    by_acceptance: Flags

    def cost(self, prices: Floats) -> Floats:
        """Return (n, m) what presenting once uses of the limits, at these (L,) prices."""
        cost = np.zeros_like(self.value)
        for number in np.flatnonzero(prices):
            used = np.flatnonzero(self.offer_factors[number])
            priced = prices[number] * self.signs[number] * self.offer_factors[number, used]
            part = self.customer_factors[number][:, None] * priced[None, :]
            cost[:, used] += (
                part * self.batch.accept[:, used] if self.by_acceptance[number] else part
            )
        return cost

    def picks(self, prices: Floats) -> tuple[Picks, Floats]:
        """Return (n, k) offers that add most above their cost, -1 for none, and their surplus."""
        return best_of(self.value - self.cost(prices), places=self.places)

    def usage(self, picks: Picks) -> Wholes:
        """Return (n, L) signed usage of the picks, in parts, rounded up."""
        rows = np.arange(len(picks))
        found = np.zeros((len(picks), len(self.signs)), dtype=np.int64)
        for pick in picks.T:
            taken = pick >= 0
            accept = self.batch.accept[rows, pick]
            for number in range(len(self.signs)):
                units = self.customer_factors[number] * self.offer_factors[number, pick]
                found[:, number] += self._parts(units, number, accept=accept) * taken
        return found

    def units(self) -> Floats:
        """Return (L, n, m) signed units that one presentation uses."""
        found = np.zeros((len(self.signs), *self.value.shape))
        for number in range(len(self.signs)):
            offer = self.offer_factors[number] * self.signs[number]
            np.multiply.outer(self.customer_factors[number], offer, out=found[number])
            if self.by_acceptance[number]:
                found[number] *= np.where(self.open, self.batch.accept, 0.0)
        return found

    def all_usage(self) -> Wholes:
        """Return (n, m, L) signed usage of each customer and offer, in parts, 0 where closed."""
        found = np.zeros((*self.value.shape, len(self.signs)), dtype=np.int64)
        for number in range(len(self.signs)):
            for offer in np.flatnonzero(self.offer_factors[number]):
                units = self.customer_factors[number] * self.offer_factors[number, offer]
                accept = self.batch.accept[:, offer]
                parts = self._parts(units, number, accept=accept)
                found[:, offer, number] = np.where(self.open[:, offer], parts, 0)
        return found

    def money(self, picks: Picks) -> Wholes:
        """Return (n,) expected money that the picks add over the horizon, in parts of money."""
        rows = np.arange(len(picks))
        found = np.zeros(len(picks), dtype=np.int64)
        for pick in picks.T:
            added = self.weight * self.batch.added_value[rows, pick]
            found += np.where(pick >= 0, np.rint(np.nan_to_num(added) * MONEY_PARTS), 0.0).astype(
                np.int64
            )
        return found

    def _parts(self, units: Floats, number: int, *, accept: Floats) -> Wholes:
        """Return the units over all contacts, in parts, signed, rounded up."""
        contacts = self.weight * accept if self.by_acceptance[number] else self.weight
        signed = units * np.where(np.isfinite(contacts), contacts, 0.0) * self.signs[number]
        return np.asarray(np.ceil(signed * PARTS), dtype=np.int64)


def prepare(batch: CustomerBatch, *, problem: Problem, spread: float = 0.0) -> Prepared:
    """Return the batch made ready; ties in value are spread by up to the share `spread` of it.

    Raises BatchError and LimitsFileError.
    """
    limits = problem.limits
    checked(batch, offers=len(problem.offers))
    weight, places = _room(batch, limits=limits)
    may = batch.eligible & batch.relevant & ~_resting(batch, problem=problem)
    may &= (~batch.asked_not_to & (places > 0))[:, None]
    draw = draws(batch.customer_ids)
    value = np.where(may, batch.added_value, -np.inf)
    if spread:
        raised = spread * (draw.astype(np.float64) / 2.0**64)[:, None]
        value = np.where(may, batch.added_value + np.abs(batch.added_value) * raised, -np.inf)
    count = len(limits.shared)
    return Prepared(
        batch=batch,
        draw=draw,
        open=may,
        value=value,
        weight=weight,
        places=places,
        signs=problem.signs,
        customer_factors=np.array([each.of_customers(batch) for each in limits.shared]).reshape(
            count, len(batch)
        ),
        offer_factors=problem.offer_factors(),
        by_acceptance=np.array(
            [
                isinstance(each, OfferStock) and each.counts is Counts.ACCEPTANCES
                for each in limits.shared
            ],
            dtype=bool,
        ),
    )


def held_back(batch: CustomerBatch, *, problem: Problem) -> Flags:
    """Return (n, m): does a cap or a rest of the customer's own keep the offer from them now."""
    _, places = _room(batch, limits=problem.limits)
    return np.asarray(_resting(batch, problem=problem) | (places <= 0)[:, None])


def best_of(surplus: Floats, *, places: NDArray[np.int64]) -> tuple[Picks, Floats]:
    """Return (n, k) offers of greatest surplus above 0, best first, -1 for none; and (n, k) it.

    The surplus is 0 where nothing is picked. `surplus` is overwritten. Ties go to the first offer.
    """
    rows = np.arange(len(surplus))
    most = min(int(places.max(initial=1)), surplus.shape[1]) or 1
    picks = np.full((len(surplus), most), -1, dtype=np.int64)
    above = np.zeros((len(surplus), most))
    for place in range(most):
        best = surplus.argmax(axis=1)
        most_surplus = surplus[rows, best]
        taken = (most_surplus > 0.0) & (place < places)
        picks[:, place] = np.where(taken, best, -1)
        above[:, place] = np.where(taken, most_surplus, 0.0)
        if place + 1 < most:
            surplus[rows, best] = -np.inf
    return picks, above


def _room(batch: CustomerBatch, *, limits: Limits) -> tuple[Floats, NDArray[np.int64]]:
    """Return (n,) contacts on which something may be presented, and offers on each of them.

    Together they never exceed a cap: who calls more often than it allows is offered one thing,
    on the first contacts only.
    """
    weight = batch.contacts
    places = np.full(len(batch), limits.offers_per_contact, dtype=np.int64)
    caps = [each.at_most for each in limits.own if isinstance(each, ContactCap)]
    if not caps:
        return weight, places
    if batch.presented is None:
        raise BatchError(
            "The limits cap presentations; a batch does not say how many there were.",
            fix="Give `presented`, 0 where there was none.",
        )
    room = np.maximum(min(caps) - batch.presented, 0.0)
    weight = np.minimum(weight, room)
    fitting = np.floor(np.divide(room, weight, out=np.full(len(batch), np.inf), where=weight > 0))
    places = np.where(room > 0.0, np.minimum(places, fitting), 0.0).astype(np.int64)
    return weight, places


def _resting(batch: CustomerBatch, *, problem: Problem) -> Flags:
    """Return (n, m): was the offer presented too short a time ago."""
    found = np.zeros(batch.eligible.shape, dtype=bool)
    for limit in problem.limits.own:
        if isinstance(limit, RestDays):
            if batch.days_since_presented is None:
                raise BatchError(
                    "The limits let offers rest; a batch does not say when they were presented.",
                    fix="Give `days_since_presented`, infinite where never.",
                )
            named = [not limit.offers or each.offer_id in limit.offers for each in problem.offers]
            found |= (batch.days_since_presented < limit.days) & np.array(named)[None, :]
    return found
