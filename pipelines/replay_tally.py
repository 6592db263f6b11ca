"""What changes when logged contacts are decided again with another set, counted as they pass."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from itertools import count

import msgspec

from routing.answer import Decision

EXAMPLES = 20
_MOST_CHANGES = 20
_DEVIATIONS = 1.96  # of the mean, either way: 95 of 100 intervals hold the truth


class Side(msgspec.Struct, frozen=True):
    """What one set gives a contact; `added_value` is money, expected of what is presented."""

    value_group: str
    queue: str
    offer_id: str | None
    added_value: float
    why: str | None


class Change(msgspec.Struct, frozen=True):
    """Contacts that changed alike: how many, and the sum of their added value, new less old."""

    what: str
    before: str | None
    after: str | None
    contacts: int
    worth: float
    reason: str | None


class Example(msgspec.Struct, frozen=True):
    """One contact that is decided otherwise."""

    decision_id: str
    contact_id: str
    customer_id: str | None
    before: Side
    after: Side


class Changed(msgspec.Struct, frozen=True):
    """How many contacts change in one respect, and their share of all that were decided again."""

    contacts: int
    share: float


class Worth(msgspec.Struct, frozen=True):
    """The added value of what is presented, new less old: money, as the sets expect it.

    `low` and `high` bound the mean of a contact, at 95 % by the normal law.
    """

    total: float
    mean: float
    low: float
    high: float


class Difference(msgspec.Struct, frozen=True):
    """All that changes; `changed` counts a contact once, whatever changes about it."""

    contacts: int
    changed: Changed
    value_group: Changed
    queue: Changed
    offer: Changed
    worth: Worth
    largest: tuple[Change, ...]
    examples: tuple[Example, ...]


def side_of(decision: Decision) -> Side:
    """Return what a decision gives a contact."""
    presented = [one for one in decision.handling.offers if one.present]
    best = presented[0] if presented else None
    why = best.why if best else next((one.why for one in decision.handling.offers), decision.why)
    return Side(
        value_group=decision.value_group,
        queue=decision.route.queue,
        offer_id=best.offer_id if best else None,
        added_value=best.added_value if best else 0.0,
        why=why,
    )


class Tally:
    """Counts changes; holds one line per kind of change and twenty examples, nothing more."""

    def __init__(self) -> None:
        self._contacts = self._changed = 0
        self._by_respect = dict.fromkeys(("value_group", "queue", "offer_id"), 0)
        self._kinds: dict[tuple[str, str | None, str | None], list[float]] = defaultdict(
            lambda: [0, 0.0]
        )
        self._reasons: dict[tuple[str, str | None, str | None], str | None] = {}
        self._mean = self._squares = 0.0  # Welford's: the sum of squares about the mean
        self._examples: list[tuple[float, int, Example]] = []
        self._number = count()

    def add(self, old: Decision, new: Decision) -> None:
        """Count one contact."""
        before, after = side_of(old), side_of(new)
        worth = after.added_value - before.added_value
        self._contacts += 1
        step = worth - self._mean
        self._mean += step / self._contacts
        self._squares += step * (worth - self._mean)
        respects = [one for one in self._by_respect if getattr(before, one) != getattr(after, one)]
        for respect in respects:
            self._by_respect[respect] += 1
            kind = (respect, getattr(before, respect), getattr(after, respect))
            self._kinds[kind][0] += 1
            self._kinds[kind][1] += worth
            self._reasons.setdefault(kind, after.why if respect == "offer_id" else new.why)
        if respects:
            self._changed += 1
            customer = old.customer.customer_id if old.customer else None
            example = Example(old.decision_id, old.contact_id, customer, before, after)
            self._show(example, weight=abs(worth))

    def result(self) -> Difference:
        """Return what was counted."""
        return Difference(
            contacts=self._contacts,
            changed=self._share(self._changed),
            value_group=self._share(self._by_respect["value_group"]),
            queue=self._share(self._by_respect["queue"]),
            offer=self._share(self._by_respect["offer_id"]),
            worth=self._worth(),
            largest=self._largest(),
            examples=tuple(one for _, _, one in sorted(self._examples, reverse=True)),
        )

    def _show(self, example: Example, *, weight: float) -> None:
        # The earlier of two alike stays, and no examples are ever compared.
        item = (weight, -next(self._number), example)
        if len(self._examples) < EXAMPLES:
            heapq.heappush(self._examples, item)
        else:
            heapq.heappushpop(self._examples, item)

    def _share(self, contacts: int) -> Changed:
        return Changed(contacts, contacts / self._contacts if self._contacts else 0.0)

    def _worth(self) -> Worth:
        n = self._contacts
        error = math.sqrt(self._squares / (n - 1) / n) if n > 1 else math.inf
        reach = _DEVIATIONS * error
        return Worth(n * self._mean, self._mean, self._mean - reach, self._mean + reach)

    def _largest(self) -> tuple[Change, ...]:
        changes = (
            Change(
                "offer" if what == "offer_id" else what,
                before, after, int(contacts), worth, self._reasons[what, before, after],
            )
            for (what, before, after), (contacts, worth) in self._kinds.items()
        )  # fmt: skip
        return tuple(heapq.nlargest(_MOST_CHANGES, changes, key=lambda one: one.contacts))
