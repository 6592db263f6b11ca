"""What differs between two strategy sets: who moved group, which offers changed, its worth."""

from __future__ import annotations

from collections import Counter

import msgspec

from routing.strategy import Strategy

EXAMPLES = 10  # customers named in a diff; the counts cover all


class GroupMove(msgspec.Struct, frozen=True):
    """How many customers went from one value group to another."""

    before: str
    after: str
    customers: int


class OfferChange(msgspec.Struct, frozen=True):
    """For how many customers an offer became a yes, or a no; money is expected, per contact each.

    `added_value_before` and `added_value_after` are summed over the customers whose best offer
    to present it is.
    """

    offer_id: str
    now_yes: int
    now_no: int
    added_value_before: float
    added_value_after: float


class StrategyDiff(msgspec.Struct, frozen=True):
    """What differs between two strategy sets; money is expected added value per contact, summed."""

    old: str
    new: str
    customers: int
    appeared: int
    gone: int
    moved: tuple[GroupMove, ...]
    moved_customers: tuple[str, ...]
    offers: tuple[OfferChange, ...]
    added_value_before: float
    added_value_after: float

    @property
    def worth(self) -> float:
        """What the new set adds to the old, if each customer had one contact; money."""
        return self.added_value_after - self.added_value_before


class Tally:
    """Counts the differences of customers as they pass."""

    def __init__(self) -> None:
        self.customers = self.appeared = 0
        self.moves: Counter[tuple[str, str]] = Counter()
        self.movers: list[str] = []
        self.yes: Counter[str] = Counter()
        self.no: Counter[str] = Counter()
        self.before: Counter[str] = Counter()
        self.after: Counter[str] = Counter()

    def add(self, old: Strategy | None, new: Strategy) -> None:
        """Count one customer of the new set; a new customer has nothing to compare with."""
        self.customers += 1
        if old is None:
            self.appeared += 1
            return
        if old.value_group != new.value_group:
            self.moves[old.value_group, new.value_group] += 1
            if len(self.movers) < EXAMPLES:
                self.movers.append(new.customer_id)
        was, now = _presented(old), _presented(new)
        self.yes.update(now.keys() - was.keys())
        self.no.update(was.keys() - now.keys())
        _add_best(self.before, was)
        _add_best(self.after, now)

    def result(self, *, old: str, new: str, gone: int) -> StrategyDiff:
        """Return what was counted."""
        offers = sorted({*self.yes, *self.no, *self.before, *self.after})
        return StrategyDiff(
            old=old,
            new=new,
            customers=self.customers,
            appeared=self.appeared,
            gone=gone,
            moved=tuple(GroupMove(*pair, count) for pair, count in sorted(self.moves.items())),
            moved_customers=tuple(self.movers),
            offers=tuple(
                OfferChange(
                    offer,
                    self.yes[offer],
                    self.no[offer],
                    round(self.before[offer] / 100, 2),
                    round(self.after[offer] / 100, 2),
                )
                for offer in offers
            ),
            added_value_before=round(self.before.total() / 100, 2),
            added_value_after=round(self.after.total() / 100, 2),
        )


def _presented(strategy: Strategy) -> dict[str, float]:
    return {o.offer_id: o.added_value for o in strategy.handling.offers if o.present}


def _add_best(total: Counter[str], presented: dict[str, float]) -> None:
    """Add what the offer named first is worth; in cents, as whole numbers sum without error."""
    for offer_id, added in presented.items():
        total[offer_id] += round(added * 100)
        return
