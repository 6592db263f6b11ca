"""What an allocation says: prices in plain sentences, usage of each limit, mix, and money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from routing.allocation.account import Account
from routing.allocation.batch import Floats
from routing.allocation.problem import PARTS, Problem
from routing.allocation.rule import Nothing, Rule

# Prices below this share of a limit's part in the money are rounding, not worth.
_WORTHLESS = 1e-9


@dataclass(frozen=True, slots=True)
class LimitUse:
    """One limit: its amount and what is used of it, in units; `price` is money per unit more.

    For a floor the price is what one unit less would bring.
    """

    name: str
    unit: str
    floor: bool
    amount: float
    used: float
    price: float

    @property
    def binds(self) -> bool:
        """Whether one unit more (of a floor: less) would add money."""
        return self.price > 0.0

    @property
    def sentence(self) -> str:
        """What it means, in plain words."""
        if self.floor and self.binds:
            return f"One {self.unit} less in the floor would bring {self.price:.2f}."
        if self.floor:
            return f"The floor costs nothing: each {self.unit} pays for itself."
        if self.binds:
            return f"One more {self.unit} is worth {self.price:.2f}."
        share = self.used / self.amount if self.amount > 0.0 else 1.0
        return f"One more {self.unit} is worth nothing: {share:.0%} are used."


@dataclass(frozen=True, slots=True)
class OfferMix:
    """How many customers get the offer, and how many presentations that makes in the horizon."""

    offer_id: str
    customers: int
    presentations: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who is offered what under the limits, none of which is broken; money over the horizon.

    `bound` is money that no choice within the limits exceeds; `gap` the share of it that is
    missed, at most. `proven_best`: no whole choice adds more. `exceptions` at the margin are
    chosen one by one, all others by price.
    """

    rule: Rule
    money: float
    bound: float
    limits: tuple[LimitUse, ...]
    mix: tuple[OfferMix, ...]
    nothing: Mapping[Nothing, int]
    customers: int
    contacts: float
    exceptions: int
    proven_best: bool
    passes: int

    @property
    def gap(self) -> float:
        """The share of the bound that is missed, at most."""
        return max(self.bound - self.money, 0.0) / max(abs(self.bound), 1e-9)


def limit_uses(
    problem: Problem, *, prices: Floats, summed: Account, contacts: float
) -> tuple[LimitUse, ...]:
    """Return each shared limit with its amount, usage and price."""
    bounds = problem.bounds(contacts=contacts)
    return tuple(
        LimitUse(
            name=limit.name,
            unit=limit.unit,
            floor=bool(sign < 0),
            amount=float(abs(int(bound)) / PARTS),
            used=float(abs(int(used)) / PARTS),
            price=price if price * abs(int(bound)) / PARTS > _WORTHLESS * summed.money else 0.0,
        )
        for limit, sign, bound, used, price in zip(
            problem.limits.shared,
            problem.signs,
            bounds,
            summed.usage,
            np.asarray(prices).tolist(),
            strict=True,
        )
    )


def offer_mix(problem: Problem, *, summed: Account) -> tuple[OfferMix, ...]:
    """Return each offer's part."""
    return tuple(
        OfferMix(offer.offer_id, count, presentations)
        for offer, count, presentations in zip(
            problem.offers, summed.customers_offered, summed.presentations, strict=True
        )
    )
