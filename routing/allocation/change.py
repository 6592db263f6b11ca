"""Changes to try before release: another margin, limit or pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from routing.allocation.batch import CustomerBatch
from routing.allocation.errors import BatchError, LimitsFileError, nearest
from routing.allocation.limits import AgentMinutes, MinimumShare, SharedLimit
from routing.allocation.problem import LARGEST, Problem


@dataclass(frozen=True, slots=True)
class MarginChange:
    """An offer whose margin, money per sale, is so much more (or less)."""

    offer_id: str
    by: float


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit, by name, with another amount (of a floor: share); None takes it away."""

    name: str
    to: float | None


@dataclass(frozen=True, slots=True)
class PoolChange:
    """A pool whose agent minutes are so many times what they are."""

    pool: str
    times: float


Change = MarginChange | LimitChange | PoolChange


def changed_problem(problem: Problem, *, changes: Sequence[Change]) -> Problem:
    """Return the problem after the changes; LimitsFileError for an unknown name or amount."""
    for change in changes:
        match change:
            case MarginChange():
                problem = _other_margin(problem, change)
            case LimitChange():
                number = problem.index_of(change.name)
                shared = list(problem.limits.shared)
                if change.to is None:
                    del shared[number]
                else:
                    shared[number] = with_amount(shared[number], change.to)
                problem = _with_shared(problem, shared)
            case PoolChange():
                problem = _other_pool(problem, change)
    return problem


def changed_batch(
    batch: CustomerBatch, *, problem: Problem, changes: Sequence[Change]
) -> CustomerBatch:
    """Return the batch with what offers add after changes of margins.

    Raises BatchError where the batch does not say `kept_uplift`.
    """
    added = batch.added_value
    ids = [offer.offer_id for offer in problem.offers]
    for change in changes:
        if isinstance(change, MarginChange) and change.by:
            if batch.kept_uplift is None:
                raise BatchError(
                    "A margin changes; a batch does not say what a unit of margin adds.",
                    fix="Give `kept_uplift`: the uplift times the share of sales that are kept.",
                )
            sold = [number for number, name in enumerate(ids) if name == change.offer_id]
            added = added.copy()
            added[:, sold] += change.by * batch.kept_uplift[:, sold]
    return replace(batch, added_value=added)


def with_amount(limit: SharedLimit, amount: float) -> SharedLimit:
    """Return the limit with another amount; LimitsFileError where none can have it."""
    most = 1.0 if isinstance(limit, MinimumShare) else LARGEST
    if not 0.0 <= amount <= most:
        raise LimitsFileError(
            f"'{limit.name}' cannot be {amount}.", fix=f"Give a number from 0 to {most:,.0f}."
        )
    if isinstance(limit, MinimumShare):
        return replace(limit, at_least=amount)
    return replace(limit, at_most=amount)


def with_amounts(problem: Problem, amounts: Sequence[float], *, contacts: float) -> Problem:
    """Return the problem with these amounts in units; a floor's is of so many contacts."""
    shared = []
    for limit, amount in zip(problem.limits.shared, amounts, strict=True):
        if isinstance(limit, MinimumShare):
            shared.append(with_amount(limit, min(max(amount, 0.0) / max(contacts, 1e-9), 1.0)))
        else:
            shared.append(with_amount(limit, min(max(amount, 0.0), LARGEST)))
    return _with_shared(problem, shared)


def _with_shared(problem: Problem, shared: Sequence[SharedLimit]) -> Problem:
    return replace(problem, limits=replace(problem.limits, shared=tuple(shared)))


def _other_margin(problem: Problem, change: MarginChange) -> Problem:
    ids = [offer.offer_id for offer in problem.offers]
    if change.offer_id not in ids:
        raise LimitsFileError(
            f"There is no offer '{change.offer_id}'.",
            fix=f"There are: {', '.join(ids)}.{nearest(change.offer_id, ids)}",
        )
    offers = tuple(
        msgspec.structs.replace(offer, margin=offer.margin + change.by)
        if offer.offer_id == change.offer_id
        else offer
        for offer in problem.offers
    )
    return replace(problem, offers=offers)


def _other_pool(problem: Problem, change: PoolChange) -> Problem:
    pools = {
        each.pool for each in problem.limits.shared if isinstance(each, AgentMinutes) and each.pool
    }
    if change.pool not in pools:
        raise LimitsFileError(
            f"No limit on agent minutes names a pool '{change.pool}'.",
            fix=f"They name: {', '.join(sorted(pools)) or 'none'}.{nearest(change.pool, pools)}",
        )
    shared = [
        with_amount(each, each.at_most * change.times)
        if isinstance(each, AgentMinutes) and each.pool == change.pool
        else each
        for each in problem.limits.shared
    ]
    return _with_shared(problem, shared)
