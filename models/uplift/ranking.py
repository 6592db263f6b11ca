"""What an order of contacts earns: the mean height of its gain curve, with influences.

At depth u the contacts ranked first, a share u of all, are given their offer; the gain G(u) is the
sum of their effects over the number of all contacts. The area is the mean of G over all depths,
`mean of effect_i * (1 - u_i)` with u_i the share ranked before contact i (ties share the middle):
linear in the effects, so doubly robust scores may stand in for them (Yadlowsky, Fleming, Shah,
Brunskill and Wager, JASA 2025, the Qini-weighted rank-weighted average effect; for several offers
Sverdrup, Wu, Athey and Wager, 2023).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.judging.influence import Estimate, mean

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


def best_offers(worth: Numbers, *, allowed: Flags) -> NDArray[np.intp]:
    """Return (n,) the allowed offer of most worth; -1 where none is allowed."""
    masked = np.where(allowed, worth, -np.inf)
    return np.where(allowed.any(axis=1), masked.argmax(axis=1), -1).astype(np.intp)


def area(worth: Numbers, effect: Numbers) -> Estimate:
    """Return the mean height of the gain curve of (n,) worths, highest first.

    The influence counts that the ranks are themselves estimated from the rows.
    """
    count = len(worth)
    order, start, end = _runs(worth)
    before = np.empty(count)
    before[order] = (start + end) / (2.0 * count)
    total = np.concatenate([[0.0], np.cumsum(effect[order])]) / count
    # What the contacts ranked after each one add up to: one more before them costs them its place.
    after = np.empty(count)
    after[order] = total[-1] - (total[start] + total[end]) / 2.0
    kept = effect * (1.0 - before)
    found = float(kept.mean())
    lost = after - float(after.mean())
    return Estimate(found, (kept - found - lost) / count)


def area_by_offer(worth: Numbers, effect: Numbers, *, allowed: Flags) -> Estimate:
    """Return the area when each contact's best offer by (n, k) worth is the one it is given.

    A contact without an allowed offer gains nothing and is ranked last.
    """
    offer = best_offers(worth, allowed=allowed)
    row = np.arange(len(offer))
    some = offer >= 0
    lowest = float(worth[allowed].min(initial=0.0)) - 1.0
    return area(np.where(some, worth[row, offer], lowest), np.where(some, effect[row, offer], 0.0))


def area_at_random(effect: Numbers, *, allowed: Flags) -> Estimate:
    """Return the area of contacts in any order, each given any one of its allowed offers."""
    count = allowed.sum(axis=1)
    summed = np.where(allowed, effect, 0.0).sum(axis=1)
    return mean(0.5 * summed / np.maximum(count, 1))


def _runs(worth: Numbers) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the order, and for each place in it where its run of equal worths begins and ends."""
    order = np.argsort(-worth, kind="stable")
    values = worth[order]
    edge = np.flatnonzero(np.r_[True, values[1:] != values[:-1]]) if len(values) else order
    length = np.diff(np.r_[edge, len(values)])
    return order, np.repeat(edge, length), np.repeat(edge + length, length)
