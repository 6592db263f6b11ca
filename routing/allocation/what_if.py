"""What if a margin, a limit or a pool were different: money, usage, mix, and who changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from routing.allocation.batch import Batches, CustomerBatch, Floats
from routing.allocation.change import (
    Change,
    changed_batch,
    changed_problem,
    scaled,
)
from routing.allocation.choose import allocate
from routing.allocation.problem import Problem, prepare
from routing.allocation.result import Allocation, LimitUse, OfferMix
from routing.allocation.rule import Nothing, Rule
from routing.allocation.survey import Survey

_STANDARD_ERRORS = 1.96  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Side:
    """Before or after: money over the horizon, the limits' usage and prices, the mix.

    Counts and amounts are for all customers, scaled up from the sample.
    """

    money: float
    limits: tuple[LimitUse, ...]
    mix: tuple[OfferMix, ...]
    nothing: dict[Nothing, int]
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


def what_if(
    found: Survey, *, problem: Problem, changes: Sequence[Change], start: Floats | None = None
) -> WhatIf:
    """Return what the changes would do, from a survey of the customers; a pure function.

    Both sides are chosen for the survey's sample, with limits scaled to its share, and told for
    everybody. `start` (L,) are the prices in force, for speed. Raises LimitsFileError for an
    unknown name, BatchError where a margin changes and batches do not say `kept_uplift`,
    InfeasibleLimitsError, LimitsNotMetError.
    """
    after_problem = changed_problem(problem, changes=changes)
    sample = changed_batch(found.sample, problem=problem, changes=changes)
    before = _chosen(found.sample, problem=problem, found=found, start=start)
    same = [each for each in problem.names if each in after_problem.names]
    warm = np.array([before.rule.prices[problem.index_of(each)] for each in same])
    after = _chosen(sample, problem=after_problem, found=found, start=warm)
    moved = (before.rule.choose(found.sample) != after.rule.choose(sample)).any(axis=1)
    share = float(moved.mean())
    left_out = np.sqrt(max(1.0 - 1.0 / found.scale, 0.0) / len(found.sample)) * found.customers
    spread = _surplus(sample, after.rule) - _surplus(found.sample, before.rule)
    return WhatIf(
        before=_side(before, problem=problem, found=found),
        after=_side(after, problem=after_problem, found=found),
        changes=tuple(changes),
        customers=found.customers,
        sample=len(found.sample),
        changed=round(share * found.customers),
        error=_STANDARD_ERRORS * float(left_out * spread.std()),
        changed_error=_STANDARD_ERRORS * float(left_out * np.sqrt(share * (1.0 - share))),
    )


def who_changes(
    batches: Batches, *, outcome: WhatIf, problem: Problem
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield id, offers before and offers after of all customers whom the changes would move.

    Both are told by the prices of the outcome, so that each customer is told alone.
    """
    ids = np.array([offer.offer_id for offer in problem.offers])
    for batch in batches():
        after = changed_batch(batch, problem=problem, changes=outcome.changes)
        old, new = outcome.before.rule.choose(batch), outcome.after.rule.choose(after)
        for row in np.flatnonzero((old != new).any(axis=1)).tolist():
            offers = (tuple(ids[side[row]].tolist()) for side in (old, new))
            yield str(batch.customer_ids[row]), *offers  # type: ignore[misc]


def _chosen(
    batch: CustomerBatch, *, problem: Problem, found: Survey, start: Floats | None
) -> Allocation:
    part = scaled(problem, share=1.0 / found.scale)
    return allocate(lambda: [batch], problem=part, start=start, sample=len(batch))


def _surplus(batch: CustomerBatch, rule: Rule) -> Floats:
    """Return (n,) money above the price of what is used: what one customer more would bring."""
    ready = prepare(batch, problem=rule.problem, spread=rule.spread)
    _, above = ready.picks(rule.prices)
    return np.asarray(ready.weight * above.sum(axis=1))


def _side(side: Allocation, *, problem: Problem, found: Survey) -> Side:
    """Return the side told for everybody; its rule by prices, in the whole problem."""
    scale = found.scale
    return Side(
        money=side.money * scale,
        limits=tuple(
            replace(each, amount=each.amount * scale, used=each.used * scale)
            for each in side.limits
        ),
        mix=tuple(
            OfferMix(each.offer_id, round(each.customers * scale), each.presentations * scale)
            for each in side.mix
        ),
        nothing={why: round(count * scale) for why, count in side.nothing.items()},
        rule=replace(side.rule, problem=problem),
    )
