"""What is decided for one customer, and what changed between two strategy sets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from pipelines.set_reports import add_change
from routing.answer import ShownStrategy, shown_strategy
from routing.errors import StrategySetNotFoundError
from routing.open_set import OpenSet
from routing.strategy_diff import EXAMPLES, StrategyDiff, Tally
from routing.strategy_file import every_strategy
from routing.strategy_pointer import file_of, labels
from routing.strategy_reader import StrategyReader


class CustomerNotFoundError(StrategySetNotFoundError):
    """The published set has no strategy for the customer."""


class Shown(msgspec.Struct, frozen=True):
    """A customer's strategy: `text` for a person, `facts` for a script."""

    text: str
    facts: ShownStrategy


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

    Reads both files once, customer by customer, in bounded memory; the page of strategy sets shows
    the comparison from then on. Raises
    StrategySetNotFoundError for a label that is not kept.
    """
    before, after = (_open(home / "strategies", label) for label in (old, new))
    tally = Tally()
    for strategy in every_strategy(after.path):
        tally.add(before.by_customer(strategy.partner, strategy.customer_id), strategy)
    gone = 0
    for strategy in every_strategy(before.path):
        if after.by_customer(strategy.partner, strategy.customer_id) is None:
            gone += 1
    facts = tally.result(old=old, new=new, gone=gone)
    add_change(home, facts, before=before.header, after=after.header)
    return Compared(_diff_text(facts), facts)


def _open(folder: Path, label: str) -> OpenSet:
    kept = labels(folder)
    if label not in kept:
        raise StrategySetNotFoundError(
            f"There is no strategy set '{label}'.",
            fix=f"Kept are: {', '.join(kept) or 'none'}.",
        )
    return OpenSet.open(folder / file_of(label))


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
