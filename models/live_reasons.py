"""What moves one contact's chance of acceptance, exactly, or nothing at all."""

from __future__ import annotations

import math
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
# A share and its feature's place; an effect's size, negated, with the place and the effect.
Share: TypeAlias = tuple[float, int]
Effect: TypeAlias = tuple[float, int, float]


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

    def one(self, feed: Feed, *, offer: int) -> list[float]:
        """Return the shares of one contact; the last is what is no feature's."""
        return self._sharing.one(feed, offer=offer)

    def chance(self, score: Scores) -> Scores:
        """Return the probability that a sum of shares stands for."""
        known = log_odds(score) if self._sharing.averages else score
        return calibrated(known, self._sharing.calibration, task=Task.PROBABILITY)

    def top(self, feed: Feed, *, offer: int, count: int) -> tuple[Reason, ...]:
        """Return the features that change the chance most, largest first; at most `count`."""
        *shares, rest = self.one(feed, offer=offer)
        moving = [(by, at) for at, by in enumerate(shares) if by]
        score = sum(shares) + rest
        if self._bends:
            effects = self._at_the_ends(moving, score, count=count)
        else:
            effects = self._each(moving, score)
        effects.sort()
        return tuple([Reason(self.features[at], by) for _, at, by in effects[:count] if by])

    def _at_the_ends(self, moving: list[Share], score: float, *, count: int) -> list[Effect]:
        """Return those among which the largest `count` effects are.

        The logistic curve keeps the order of the shares: the largest effects are at its ends.
        """
        if len(moving) > 2 * count:
            moving.sort()
            moving = moving[:count] + moving[-count:]
        # 1 / (1 + exp(-x)) is (1 + tanh(x / 2)) / 2: no overflow, as in models.link.
        tanh, half = math.tanh, 0.5 * self._sharing.calibration.slope
        middle = half * score + 0.5 * self._sharing.calibration.shift
        whole = tanh(middle)
        effects = [(at, 0.5 * (whole - tanh(middle - half * by))) for by, at in moving]
        return [(-abs(by), at, by) for at, by in effects]

    def _each(self, moving: list[Share], score: float) -> list[Effect]:
        shares = np.array([by for by, _ in moving])
        chances = self.chance(np.append(score - shares, score))
        effects = (chances[-1] - chances[:-1]).tolist()
        return [(-abs(by), at, by) for (_, at), by in zip(moving, effects, strict=True)]
