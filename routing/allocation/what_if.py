"""What if a margin, a limit or a pool were different: money, usage, mix, and who changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from routing.allocation.account import Account, account
from routing.allocation.batch import Batches, CustomerBatch, Floats
from routing.allocation.change import Change, changed_batch, changed_problem, with_amounts
from routing.allocation.conflict import require_feasible
from routing.allocation.margin import spread_of
from routing.allocation.prices import solve_prices
from routing.allocation.problem import PARTS, Problem, prepare
from routing.allocation.result import Allocation, LimitUse, OfferMix
from routing.allocation.rule import Nothing, Rule
from routing.allocation.survey import Survey, survey

PRECISION = 1e-9
_STANDARD_ERRORS = 1.96  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Side:
    """Before or after: money over the horizon, the limits' usage and prices, the mix."""

    money: float
    limits: tuple[LimitUse, ...]
    mix: tuple[OfferMix, ...]
    nothing: Mapping[Nothing, int]
    rule: Rule


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Before and after the changes; `changed` customers are offered something else.

    `error` is money, `changed_error` customers: half the width of the 95 % interval that comes
    from looking at a sample, 0 where the sample is everybody.
    """

    before: Side
    after: Side
    changes: tuple[Change, ...]
    customers: int
    sample: int
    changed: int
    error: float
    changed_error: float

    @property
    def money(self) -> float:
        """Money that the changes add over the horizon."""
        return self.after.money - self.before.money

    @property
    def sentence(self) -> str:
        """The outcome in one sentence."""
        verb = "adds" if self.money >= 0.0 else "takes"
        return (
            f"It {verb} {abs(self.money):,.0f} (+- {self.error:,.0f}), and {self.changed:,}"
            f" (+- {self.changed_error:,.0f}) of {self.customers:,} customers are offered"
            " something else."
        )


@dataclass(frozen=True, slots=True)
class _Priced:
    """The sample chosen by prices alone: its dual value is the money of the best fractional one."""

    rule: Rule
    batch: CustomerBatch
    value: float
    summed: Account

    def per_customer(self) -> tuple[Floats, Floats]:
        """Return (n,) money above the price of what is used, and (n, L) signed units used."""
        ready = prepare(self.batch, problem=self.rule.problem, spread=self.rule.spread)
        picks, above = ready.picks(self.rule.prices)
        return ready.weight * above.sum(axis=1), ready.usage(picks) / PARTS


def what_if(
    found: Survey,
    *,
    before: Allocation,
    changes: Sequence[Change],
    precision: float = PRECISION,
) -> WhatIf:
    """Return what the changes would do to the allocation in force; a pure function of a survey.

    Both sides are chosen for the survey's sample. Its limits are set so that the prices in force
    are right for it, and the difference between the sides is scaled up and added to what the
    allocation comes to. `precision` is a share of the worth of all pairs, to which prices are
    sought where the sample is not everybody. Raises LimitsFileError for an unknown name,
    BatchError where a margin changes and batches do not say `kept_uplift`, InfeasibleLimitsError.
    """
    problem, scale = before.rule.problem, found.scale
    after_problem = changed_problem(problem, changes=changes)
    off = _misjudged(found, before=before)
    sample = changed_batch(found.sample, problem=problem, changes=changes)
    start = before.rule.prices
    old = _priced(
        found.sample,
        problem=problem,
        found=found,
        off=off,
        start=start,
        precision=precision,
        new=False,
    )
    names = problem.names
    kept = [names.index(each) for each in after_problem.names]
    new = _priced(
        sample,
        problem=after_problem,
        found=found,
        off=off[kept],
        start=start[kept],
        precision=precision,
        new=True,
    )
    moved = (old.rule.choose(found.sample) != new.rule.choose(sample)).any(axis=1)
    share = float(moved.mean())
    alone = np.sqrt(max(1.0 - 1.0 / scale, 0.0) / len(moved)) * found.customers
    return WhatIf(
        before=Side(before.money, before.limits, before.mix, before.nothing, old.rule),
        after=_after(before, old=old, new=new, scale=scale, contacts=found.contacts, kept=kept),
        changes=tuple(changes),
        customers=found.customers,
        sample=len(moved),
        changed=round(share * found.customers),
        error=_STANDARD_ERRORS * float(alone * _unexplained(old, new, kept=kept).std()),
        changed_error=_STANDARD_ERRORS * float(alone * np.sqrt(share * (1.0 - share))),
    )


def who_changes(
    batches: Batches, *, outcome: WhatIf
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield id, offers before and offers after of all customers whom the changes would move.

    Both are told by prices alone, so that each customer is told without the others.
    """
    problem = outcome.before.rule.problem
    ids = np.array([offer.offer_id for offer in problem.offers])
    for batch in batches():
        after = changed_batch(batch, problem=problem, changes=outcome.changes)
        old = outcome.before.rule.choose(batch)
        new = outcome.after.rule.choose(after)
        for row in np.flatnonzero((old != new).any(axis=1)).tolist():
            had, has = (tuple(ids[side[row]].tolist()) for side in (old, new))
            yield str(batch.customer_ids[row]), had, has


def _misjudged(found: Survey, *, before: Allocation) -> Floats:
    """Return (L,) units by which the sample, at the prices in force, uses more than all do."""
    if found.complete:
        return np.zeros(len(before.limits))
    rule = before.rule.by_price()
    used = np.abs(account(lambda: [found.sample], rule=rule).usage) / PARTS * found.scale
    return np.asarray(used - np.array([each.used for each in before.limits]))


def _priced(
    batch: CustomerBatch,
    *,
    problem: Problem,
    found: Survey,
    off: Floats,
    start: Floats,
    precision: float,
    new: bool,
) -> _Priced:
    """Return the sample chosen by prices, with limits for its size and what it misjudges."""
    width = len(problem.offers)
    alone = survey(lambda: [batch], offers=width, size=len(batch))
    amounts = np.abs(problem.bounds(contacts=found.contacts)) / PARTS + off
    part = problem
    if not found.complete:
        part = with_amounts(problem, (amounts / found.scale).tolist(), contacts=alone.contacts)
    if new:
        require_feasible(lambda: [batch], problem=part, found=alone)
    precision = min(precision, 1e-11) if found.complete else precision
    prices = solve_prices(
        lambda: [batch], problem=part, found=alone, start=start, precision=precision
    )
    nobody = np.zeros(0, dtype=np.str_), np.zeros((0, width), dtype=bool)
    rule = Rule(problem, prices.values, spread_of(alone), *nobody)
    return _Priced(rule, batch, prices.bound, account(lambda: [batch], rule=rule))


def _unexplained(old: _Priced, new: _Priced, *, kept: Sequence[int]) -> Floats:
    """Return (n,) what each customer adds to the difference beyond what usage in force tells.

    Usage in force is known of everybody, so only what customers change is left to the sample.
    """
    surplus, used = old.per_customer()
    other, _ = new.per_customer()
    shift = -old.rule.prices.copy()
    shift[list(kept)] += new.rule.prices
    return other - surplus + used @ shift


def _after(
    before: Allocation,
    *,
    old: _Priced,
    new: _Priced,
    scale: float,
    contacts: float,
    kept: Sequence[int],
) -> Side:
    """Return the allocation in force, moved by the difference between the sides."""
    bounds = np.abs(new.rule.problem.bounds(contacts=contacts)) / PARTS
    moved = np.abs(new.summed.usage) - np.abs(old.summed.usage[list(kept)])
    offered = zip(
        before.mix,
        np.subtract(new.summed.customers_offered, old.summed.customers_offered) * scale,
        np.subtract(new.summed.presentations, old.summed.presentations) * scale,
        strict=True,
    )
    return Side(
        money=before.money + (new.value - old.value) * scale,
        limits=tuple(
            replace(
                before.limits[place],
                amount=float(amount),
                used=before.limits[place].used + float(more) / PARTS * scale,
                price=float(price),
            )
            for place, amount, more, price in zip(kept, bounds, moved, new.rule.prices, strict=True)
        ),
        mix=tuple(
            OfferMix(each.offer_id, each.customers + round(count), each.presentations + more)
            for each, count, more in offered
        ),
        nothing={
            why: count + round((new.summed.nothing[why] - old.summed.nothing[why]) * scale)
            for why, count in before.nothing.items()
        },
        rule=new.rule,
    )
