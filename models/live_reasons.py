"""What moves one contact's chance of acceptance, exactly, or nothing at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.link import log_odds
from models.live_inputs import OFFER, SHARES, Feed
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

    def __init__(self, session: Any) -> None:
        notes = session.get_modelmeta().custom_metadata_map
        self.features: tuple[str, ...] = tuple(json.loads(notes["features"]))
        form = json.loads(notes["calibration"])
        self._calibration = CalibrationForm(
            **{**form, "knots": tuple((x, y) for x, y in form["knots"])}
        )
        self._averages = bool(json.loads(notes["averages"]))
        self._session = session

    def shares(self, feed: Feed, *, offer: int | NDArray[np.intp]) -> Scores:
        """Return (n, features + 1) shares of the score; the last is what is no feature's.

        `offer` is an index of the set's offers, for all or for each; -1 is none.
        """
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
        score = shares.sum()
        chances = self.chance(np.append(score - shares[:-1], score))
        effects = chances[-1] - chances[:-1]
        order = np.argsort(-np.abs(effects), kind="stable")[:count]
        return tuple(
            Reason(self.features[at], float(effects[at])) for at in order.tolist() if effects[at]
        )
