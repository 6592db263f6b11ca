"""What moves one contact's chance of acceptance, exactly, or nothing at all."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.link import log_odds
from models.live_inputs import OFFER, ROW, SHARES, Feed
from models.model_set import CalibrationForm
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

    def __init__(self, session: Any, *, scoring: Any) -> None:
        """Take the session of the shares, and that of the scores, which encodes the row."""
        notes = session.get_modelmeta().custom_metadata_map
        self.features: tuple[str, ...] = tuple(json.loads(notes["features"]))
        form = json.loads(notes["calibration"])
        self._calibration = CalibrationForm(
            **{**form, "knots": tuple((x, y) for x, y in form["knots"])}
        )
        self._averages = bool(json.loads(notes["averages"]))
        self._bends_alone = not self._averages and self._calibration.method != "isotonic"
        self._session, self._scoring = session, scoring
        # A set of an earlier version encodes the contact once more.
        self._from_row = any(each.name == ROW for each in session.get_inputs())

    def shares(self, feed: Feed, *, offer: int | NDArray[np.intp]) -> Scores:
        """Return (n, features + 1) shares of the score; the last is what is no feature's.

        `feed` are raw inputs, or the encoded row where the scores came with it. `offer` is an index
        of the set's offers, for all or for each; -1 is none.
        """
        if self._from_row and ROW not in feed:
            feed = dict(zip((ROW,), self._scoring.run((ROW,), feed), strict=True))
        count = len(next(iter(feed.values())))
        (found,) = self._session.run(
            (SHARES,), feed | {OFFER: np.full(count, offer, dtype=np.int64)}
        )
        return np.asarray(found)

    def chance(self, score: Scores) -> Scores:
        """Return the probability that a sum of shares stands for."""
        known = log_odds(score) if self._averages else score
        return calibrated(known, self._calibration, task=Task.PROBABILITY)

    def top(self, feed: Feed, *, offer: int, count: int) -> tuple[Reason, ...]:
        """Return the features that change the chance most, largest first; at most `count`."""
        shares = self.shares(feed, offer=offer)[0]
        score = float(shares.sum())
        effects = self._effects(shares[:-1], score, count=count)
        largest = sorted(effects, key=lambda each: (-abs(each[1]), each[0]))[:count]
        return tuple(Reason(self.features[at], effect) for at, effect in largest if effect)

    def _effects(self, shares: Scores, score: float, *, count: int) -> Iterator[tuple[int, float]]:
        """Yield places with their effects: all, or those among which the largest `count` are.

        The logistic curve keeps the order of the shares: the largest effects are at its ends.
        """
        if self._bends_alone:
            order = shares.argsort(kind="stable")
            if len(order) > 2 * count:
                order = np.concatenate((order[:count], order[-count:]))
            slope, shift = self._calibration.slope, self._calibration.shift
            whole = _bent(slope * score + shift)
            for at, share in zip(order.tolist(), shares[order].tolist(), strict=True):
                yield at, whole - _bent(slope * (score - share) + shift)
        else:
            chances = self.chance(np.append(score - shares, score))
            yield from enumerate((chances[-1] - chances[:-1]).tolist())


def _bent(score: float) -> float:
    """Return 1 / (1 + exp(-score)), as models.link.sigmoid does, for one number."""
    return 0.5 * (1.0 + math.tanh(0.5 * score))
