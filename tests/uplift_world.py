"""A small world of presented offers whose every effect is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.link import sigmoid
from models.uplift.presented import PresentedRows

WIDTH = 6


@dataclass(frozen=True, slots=True)
class World:
    """The log, and the true (n, k) effects and (n,) baseline behind it."""

    rows: PresentedRows
    effects: NDArray[np.float64]
    baseline: NDArray[np.float64]


def world(
    count: int,
    *,
    seed: int,
    offers: int = 1,
    size: float = 0.25,
    money: bool = False,
    uneven: bool = False,
    some_eligible: bool = False,
) -> World:
    """Return contacts whose effect of offer o rises with feature o, from -size to size or so.

    `uneven` presents offers the more often the higher feature 0. With `some_eligible` the last
    offer is for contacts with feature 5 above 0, and all others buy much more anyway.
    """
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, WIDTH)).astype(np.float32)
    x = matrix.astype(np.float64)
    eligible = np.ones((count, offers), dtype=np.bool_)
    baseline = 0.2 + 0.15 * sigmoid(2 * x[:, 4])
    if some_eligible:
        eligible[:, -1] = x[:, 5] > 0
        baseline = baseline + 0.3 * (x[:, 5] <= 0)
    effects = np.stack([size * (2 * sigmoid(2 * x[:, o]) - 1) for o in range(offers)], axis=1)
    effects = effects + size * 0.5
    propensity = _propensity(x, eligible, uneven=uneven)
    action = (rng.random(count)[:, None] >= np.cumsum(propensity, axis=1)).sum(axis=1) - 1
    row = np.arange(count)
    mean = baseline + np.where(action >= 0, effects[row, action], 0.0)
    outcome = (rng.random(count) < np.clip(mean, 0, 1)).astype(np.float64)
    if money:
        outcome = 100.0 * mean + 40.0 * rng.normal(size=count)
        effects, baseline = 100.0 * effects, 100.0 * baseline
    rows = PresentedRows(
        matrix,
        action.astype(np.intp),
        propensity,
        eligible,
        outcome,
        row // 2,
        row.astype(np.int64),
    )
    return World(rows, effects, baseline)


def _propensity(
    x: NDArray[np.float64], eligible: NDArray[np.bool_], *, uneven: bool
) -> NDArray[np.float64]:
    some = 0.15 + 0.7 * sigmoid(2 * x[:, 0]) if uneven else np.full(len(x), 0.6)
    each = eligible * (some / eligible.sum(axis=1))[:, None]
    return np.column_stack([1.0 - each.sum(axis=1), each])
