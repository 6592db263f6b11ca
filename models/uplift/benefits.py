"""Who benefits from an offer in plain words: found on half of the customers, measured on the rest.

Hundreds of conditions are looked at, and the largest effect of hundreds is large by chance: what is
reported is measured on customers who were not searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from models.judging.influence import within
from models.judging.intervals import Interval, interval_of
from models.judging.segments import Condition, conditions
from models.uplift.effects import clustered_error
from models.uplift.folds import held_customers

Numbers = NDArray[np.float64]

_LEAST_SHARE = 0.05
_LEAST_CONTACTS = 200
_REPORTED = 3


@dataclass(frozen=True, slots=True)
class Benefit:
    """The effect among the contacts that meet a condition, in the outcome's unit.

    `more` says whether those searched benefited more than all of them.
    """

    text: str
    contacts: int
    more: bool
    effect: Interval


def who_benefits(
    columns: Mapping[str, NDArray[Any]],
    scores: Numbers,
    *,
    kinds: Mapping[str, Kind],
    customer: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[Benefit, ...]:
    """Return up to three conditions with more and three with less effect, surest first of each.

    `scores` (n,) are effect scores. Nothing is returned where there are too few contacts.
    """
    held = held_customers(customer, share=0.5, rng=rng)
    if min(held.sum(), (~held).sum()) < 2 * _LEAST_CONTACTS:
        return ()
    searched = ~held
    ranked = sorted(
        (
            (_surely(each, scores, searched, customer), place, each)
            for place, each in enumerate(conditions(columns, kinds=kinds, least_share=_LEAST_SHARE))
            if min((each.rows & held).sum(), (each.rows & searched).sum()) >= _LEAST_CONTACTS
        ),
        key=lambda found: (-found[0], found[1]),
    )
    more = [each for _, _, each in _distinct(ranked)[:_REPORTED]]
    less = [each for _, _, each in _distinct(ranked[::-1])[:_REPORTED] if each not in more]
    return tuple(
        _measured(each, scores, held, customer, more=kind)
        for kind, group in ((True, more), (False, less))
        for each in group
    )


def _distinct(
    ranked: list[tuple[float, int, Condition]],
) -> list[tuple[float, int, Condition]]:
    """Return the first condition of each column."""
    found: dict[str, tuple[float, int, Condition]] = {}
    for each in ranked:
        found.setdefault(each[2].column, each)
    return list(found.values())


def _surely(
    each: Condition, scores: Numbers, searched: NDArray[np.bool_], customer: NDArray[np.int64]
) -> float:
    """Return how many errors the effect inside lies above that outside, where it was searched."""
    inside = within(scores, np.flatnonzero(each.rows & searched))
    outside = within(scores, np.flatnonzero(~each.rows & searched))
    apart = inside.minus(outside)
    return apart.value / max(clustered_error(apart.influence, customer=customer), 1e-12)


def _measured(
    each: Condition,
    scores: Numbers,
    held: NDArray[np.bool_],
    customer: NDArray[np.int64],
    *,
    more: bool,
) -> Benefit:
    rows = np.flatnonzero(each.rows & held)
    effect = interval_of(within(scores, rows), cluster=customer, method="doubly robust")
    return Benefit(each.text.replace("_", " "), len(rows), more, effect)
