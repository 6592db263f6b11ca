"""Qini and AUUC of one offer against nothing, as scikit-uplift defines them.

Order the contacts by score, highest first; ties are taken together. Among the first i, let t and c
count those with the offer and those without, and yt and yc add up their outcomes. Then
`qini(i) = yt - yc * t / c` (Radcliffe, 2007) and `uplift(i) = (yt / t - yc / c) * i`, 0 where a
count is 0; both curves begin at 0 and end at a point that every order reaches. The coefficient is
the area between the curve and the straight line to that point, over the same area of the perfect
order: of outcomes for Qini (with the offer y, without -y), of `2 (y = t) + y or t` for AUUC. These
are `qini_auc_score` (`negative_effect=True`) and `uplift_auc_score` of scikit-uplift 0.5.1. For
money the Qini is the same; the perfect order of AUUC exists for events alone.

The definition weighs all contacts alike: it is for logs in which every contact had the same chance
of the offer. For other logs see `models.uplift.curves` and `models.uplift.budget`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.intervals import Interval, bootstrap_interval
from models.uplift.effects import LogError

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
_Height = Callable[[Numbers, Numbers, Numbers, Numbers], Numbers]


@dataclass(frozen=True, slots=True)
class Order:
    """Contacts in the order of a score; `last` are the places where a run of ties ends."""

    outcome: Numbers
    presented: Numbers
    place: NDArray[np.intp]
    last: NDArray[np.intp]


def ordered(outcome: Numbers, *, presented: Flags, score: Numbers) -> Order:
    """Return the contacts of one offer and nothing, highest score first.

    Raises LogError when there is no contact of a kind, or lengths differ.
    """
    if not len(outcome) == len(presented) == len(score):
        raise LogError(
            f"{len(score)} scores and {len(outcome)} outcomes for {len(presented)} contacts.",
            fix="Give one of each per contact.",
        )
    if not (presented.any() and (~presented).any()):
        raise LogError(
            "There is no contact to compare with.",
            fix="Give contacts with the offer, and contacts with nothing presented.",
        )
    place = np.argsort(score, kind="stable")[::-1]
    last = np.r_[np.flatnonzero(np.diff(score[place])), len(place) - 1]
    return Order(outcome[place], presented[place].astype(np.float64), place, last)


def qini_curve(order: Order, *, weight: Numbers | None = None) -> tuple[Numbers, Numbers]:
    """Return the number of contacts and the Qini at the end of each run of ties, from (0, 0).

    `weight` (n,), in the log's order, counts a contact so many times.
    """
    return _curve(order, weight, lambda t, c, yt, yc: yt - yc * _over(t, c))


def uplift_curve(order: Order, *, weight: Numbers | None = None) -> tuple[Numbers, Numbers]:
    """Return the number of contacts and the uplift so far at the end of each run of ties."""
    return _curve(order, weight, lambda t, c, yt, yc: (_over(yt, t) - _over(yc, c)) * (t + c))


def qini(outcome: Numbers, *, presented: Flags, score: Numbers) -> float:
    """Return the Qini coefficient: 1 for the perfect order, about 0 for one at random."""
    return _qini(outcome, presented=presented, score=score)(np.ones(len(outcome)))


def auuc(outcome: Numbers, *, presented: Flags, score: Numbers) -> float:
    """Return the normalised area under the uplift curve; outcomes are 0 or 1.

    Raises LogError for other outcomes.
    """
    return _auuc(outcome, presented=presented, score=score)(np.ones(len(outcome)))


def qini_interval(
    outcome: Numbers,
    *,
    presented: Flags,
    score: Numbers,
    customer: NDArray[np.int64],
    rng: np.random.Generator,
    replicates: int = 200,
) -> Interval:
    """Return the Qini coefficient with its 95 % interval by bootstrap over customers."""
    return bootstrap_interval(
        _qini(outcome, presented=presented, score=score),
        count=len(outcome),
        rng=rng,
        cluster=customer,
        replicates=replicates,
    )


def auuc_interval(
    outcome: Numbers,
    *,
    presented: Flags,
    score: Numbers,
    customer: NDArray[np.int64],
    rng: np.random.Generator,
    replicates: int = 200,
) -> Interval:
    """Return the AUUC with its 95 % interval by bootstrap over customers."""
    return bootstrap_interval(
        _auuc(outcome, presented=presented, score=score),
        count=len(outcome),
        rng=rng,
        cluster=customer,
        replicates=replicates,
    )


def _qini(outcome: Numbers, *, presented: Flags, score: Numbers) -> Callable[[Numbers], float]:
    order = ordered(outcome, presented=presented, score=score)
    ideal = np.where(presented, outcome, -outcome)
    perfect = ordered(outcome, presented=presented, score=ideal)
    return lambda weight: _coefficient(
        qini_curve(order, weight=weight), qini_curve(perfect, weight=weight)
    )


def _auuc(outcome: Numbers, *, presented: Flags, score: Numbers) -> Callable[[Numbers], float]:
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise LogError("AUUC is for outcomes 0 and 1.", fix="Use the Qini coefficient for money.")
    order = ordered(outcome, presented=presented, score=score)
    anyway = ((outcome == 1) & ~presented).sum()
    in_vain = ((outcome == 0) & presented).sum()
    extra = outcome if anyway > in_vain else presented.astype(np.float64)
    ideal = 2.0 * (outcome == presented) + extra
    perfect = ordered(outcome, presented=presented, score=ideal)
    return lambda weight: _coefficient(
        uplift_curve(order, weight=weight), uplift_curve(perfect, weight=weight)
    )


def _curve(order: Order, weight: Numbers | None, height: _Height) -> tuple[Numbers, Numbers]:
    held = np.ones(len(order.place)) if weight is None else weight[order.place]
    sums = [
        np.cumsum(each)[order.last]
        for each in (
            held * order.presented,
            held * (1.0 - order.presented),
            held * order.presented * order.outcome,
            held * (1.0 - order.presented) * order.outcome,
        )
    ]
    return np.r_[0.0, sums[0] + sums[1]], np.r_[0.0, height(*sums)]


def _over(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _coefficient(curve: tuple[Numbers, Numbers], perfect: tuple[Numbers, Numbers]) -> float:
    """Return the area above the straight line over that of the perfect order."""
    by_chance = 0.5 * perfect[0][-1] * perfect[1][-1]
    best = float(np.trapezoid(perfect[1], perfect[0])) - by_chance
    found = float(np.trapezoid(curve[1], curve[0])) - by_chance
    return found / best if best else 0.0
