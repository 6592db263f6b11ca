"""What is decided for one customer, and what changed between two strategy sets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from routing.answer import ShownStrategy, shown_strategy
from routing.errors import StrategySetNotFoundError
from routing.strategy import Strategy
from routing.strategy_file import every_strategy
from routing.strategy_pointer import file_of, labels
from routing.strategy_reader import OpenSet, StrategyReader

EXAMPLES = 10  # customers named in a diff; the counts cover all


class CustomerNotFoundError(StrategySetNotFoundError):
    """The published set has no strategy for the customer."""


class Shown(msgspec.Struct, frozen=True):
    """A customer's strategy: `text` for a person, `facts` for a script."""

    text: str
    facts: ShownStrategy


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


class Compared(msgspec.Struct, frozen=True):
    """A diff: `text` for a person, `facts` for a script."""

    text: str
    facts: StrategyDiff


def show(home: Path, customer: str) -> Shown:
    """Return the customer's strategy in the set in force; StrategySetNotFoundError if none."""
    reader = StrategyReader(home / "strategies")
    strategies = reader.snapshot()
    if strategies is None:
        raise StrategySetNotFoundError(
            reader.problem or "No strategy set is published.",
            fix="Form one: callworth strategies form.",
        )
    for partner in strategies.partners:
        strategy = strategies.by_customer(partner, customer)
        if strategy is not None:
            facts = shown_strategy(strategy, strategy_set=strategies.label)
            return Shown(_shown_text(facts), facts)
    raise CustomerNotFoundError(
        f"Strategy set {strategies.label} has no customer '{customer}'.",
        fix="Give a customer_id as it stands in the customers table.",
    )


def _shown_text(one: ShownStrategy) -> str:
    signals = [
        f"{name} {value:.2f}" if name == "value" else f"{name} {value:.1%}"
        for name, value in msgspec.structs.asdict(one.signals).items()
        if value is not None
    ]
    skills = ", ".join(f"{skill} from level {level}" for skill, level in one.route.skills.items())
    then = "".join(f", after {f.after_seconds} s {f.queue}" for f in one.route.fallbacks)
    lines = [
        f"{one.customer_id} of {one.partner}, {one.stage.replace('_', ' ')}",
        f"  value group  {one.value_group}",
        f"  signals      {', '.join(signals) or 'none: no offer fits'}",
        f"  route        {one.route.queue}, priority {one.route.priority}{then}",
        f"  skills       {skills or 'none needed'}",
        f"  note         {one.handling.note}",
        "  offers",
        *(
            f"    {'yes' if o.present else 'no ':3} {o.offer_id:12} {o.likelihood:6.1%}  {o.why}"
            for o in one.handling.offers
        ),
        "  reasons",
        *(f"    {r.effect * 100:+5.1f} points  {r.text}" for r in one.reasons),
        f"  set {one.strategy_set}, model set {one.model_set},"
        f" formed {one.formed_at:%Y-%m-%d %H:%M} UTC, expires {one.expires_at:%Y-%m-%d %H:%M} UTC",
    ]
    return "\n".join(lines)


def diff(home: Path, old: str, new: str) -> Compared:
    """Return who moved group, which offers changed and what it is worth, from `old` to `new`.

    Reads both files once, customer by customer, in bounded memory. Raises
    StrategySetNotFoundError for a label that is not kept.
    """
    before, after = (_open(home / "strategies", label) for label in (old, new))
    tally = _Tally()
    for strategy in every_strategy(after.path):
        tally.add(before.by_customer(strategy.partner, strategy.customer_id), strategy)
    gone = 0
    for strategy in every_strategy(before.path):
        if after.by_customer(strategy.partner, strategy.customer_id) is None:
            gone += 1
    facts = tally.result(old=old, new=new, gone=gone)
    return Compared(_diff_text(facts), facts)


def _open(folder: Path, label: str) -> OpenSet:
    kept = labels(folder)
    if label not in kept:
        raise StrategySetNotFoundError(
            f"There is no strategy set '{label}'.",
            fix=f"Kept are: {', '.join(kept) or 'none'}.",
        )
    return OpenSet.open(folder / file_of(label))


class _Tally:
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


def _diff_text(found: StrategyDiff) -> str:
    moved = sum(move.customers for move in found.moved)
    lines = [
        f"{found.old} to {found.new}: {found.customers:,} customers"
        f" ({found.appeared:,} new, {found.gone:,} gone)",
        f"  moved group  {moved:,}",
        *(f"    {move.before} to {move.after}: {move.customers:,}" for move in found.moved),
        *_named(found.moved_customers, moved),
        "  offers       to yes    to no",
        *(f"    {o.offer_id:12} {o.now_yes:6,} {o.now_no:8,}" for o in found.offers),
        f"  worth        {found.worth:+,.2f} expected added value, one contact each"
        f" ({found.added_value_before:,.2f} to {found.added_value_after:,.2f})",
    ]
    return "\n".join(lines)


def _named(customers: Iterable[str], moved: int) -> list[str]:
    names = ", ".join(customers)
    more = ", ..." if moved > EXAMPLES else ""
    return [f"    such as {names}{more}"] if names else []
