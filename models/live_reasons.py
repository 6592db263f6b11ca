"""What moves one contact's chance of acceptance, exactly, or nothing at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.link import log_odds
from models.live_inputs import Feed
from models.live_shares import Offers, Sharing
from models.scorers import calibrated
from models.signals import Task

Scores: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature, and what the contact's own value changes the chance by; see `LiveReasons`."""

    feature: str
    effect: float


class LiveReasons:
    """A profile's shares of the score, by feature; they add up to the score.

    A feature's effect is the chance as it is, less what it would be without the feature's share:
    with the mean customer's value in a linear part, with what the trees foretell not knowing it.
    """

    def __init__(self, sharing: Sharing) -> None:
        self.features = sharing.features
        self._sharing = sharing
        self._bends = not sharing.averages and sharing.calibration.method != "isotonic"

    def shares(self, feed: Feed, *, offer: Offers) -> Scores:
        """Return (n, features + 1) shares of the score; the last is what is no feature's.

        `feed` are raw inputs, or the encoded row where the scores came with it. `offer` is an index
        of the set's offers, for all or for each; -1 is none.
        """
        return self._sharing.shares(feed, offer=offer)

    def chance(self, score: Scores) -> Scores:
        """Return the probability that a sum of shares stands for."""
        known = log_odds(score) if self._sharing.averages else score
        return calibrated(known, self._sharing.calibration, task=Task.PROBABILITY)

    def top(self, feed: Feed, *, offer: int, count: int) -> tuple[Reason, ...]:
        """Return the features that change the chance most, largest first; at most `count`."""
        shares = self._sharing.shares(feed, offer=offer)[0]
        effects = self._at_the_ends(shares, count=count) if self._bends else self._all(shares)
        largest = sorted(effects)[:count]
        return tuple([Reason(self.features[at], by) for _, at, by in largest if by])

    def _at_the_ends(self, shares: Scores, *, count: int) -> list[tuple[float, int, float]]:
        """Return (-size, place, effect) of those among which the largest `count` effects are.

        The logistic curve keeps the order of the shares: the largest effects are at its ends.
        """
        found = shares.tolist()
        order = shares[:-1].argsort(kind="stable").tolist()
        if len(order) > 2 * count:
            order = order[:count] + order[-count:]
        # 1 / (1 + exp(-x)) is (1 + tanh(x / 2)) / 2: no overflow, as in models.link.
        tanh, half = math.tanh, 0.5 * self._sharing.calibration.slope
        middle = half * sum(found) + 0.5 * self._sharing.calibration.shift
        whole = tanh(middle)
        effects = [(at, 0.5 * (whole - tanh(middle - half * found[at]))) for at in order]
        return [(-abs(by), at, by) for at, by in effects]

    def _all(self, shares: Scores) -> Iterator[tuple[float, int, float]]:
        """Yield (-size, place, effect) of every feature."""
        score = shares.sum()
        chances = self.chance(np.append(score - shares[:-1], score))
        for at, by in enumerate((chances[-1] - chances[:-1]).tolist()):
            yield -abs(by), at, by
