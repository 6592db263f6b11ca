"""The combination draws on both of its parts."""

from __future__ import annotations

import numpy as np

from models.candidates.combined import Combined
from models.candidates.contract import CandidateSettings, Rows
from models.signals import Task

SETTINGS = CandidateSettings(rounds=(10, 40))


def some_rows(count: int, *, seed: int) -> Rows:
    """A straight effect that suits a line, and an exclusive-or that only trees can learn."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 5)).astype(np.float32)
    score = matrix[:, 0] + 2.0 * np.sign(matrix[:, 1] * matrix[:, 2])
    label = (rng.random(count) < 1 / (1 + np.exp(-score))).astype(np.float64)
    none = np.full(count, -1)
    return Rows(matrix, none, 0, label, np.ones(count), np.arange(count))


def test_removing_either_part_changes_the_score() -> None:
    combined = Combined(SETTINGS, task=Task.PROBABILITY).fit(
        some_rows(2000, seed=1), held=some_rows(800, seed=2)
    )
    fresh = some_rows(300, seed=3)
    whole = combined.score(fresh)
    (linear, boosted), shift = combined.weights()
    assert np.abs(whole - (boosted * combined.parts_[1].score(fresh) + shift)).max() > 0.1
    assert np.abs(whole - (linear * combined.parts_[0].score(fresh) + shift)).max() > 0.1
