"""The linear candidate: it can be read, and noise leaves no trace in it."""

from __future__ import annotations

import numpy as np

from models.candidates.contract import CandidateSettings, Rows
from models.candidates.linear import Linear
from models.signals import Task


def some_rows(count: int, *, seed: int, offers: int = 2) -> Rows:
    """Column 0 matters for all, column 1 for offer 1 alone; 18 columns are noise."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 20)).astype(np.float32)
    offer = rng.integers(0, offers, count)
    score = 1.2 * matrix[:, 0] + np.where(offer == 1, 1.5 * matrix[:, 1], 0)
    label = (rng.random(count) < 1 / (1 + np.exp(-score))).astype(np.float64)
    return Rows(matrix, offer, offers, label, np.ones(count), np.arange(count))


def fitted() -> Linear:
    linear = Linear(CandidateSettings(), task=Task.PROBABILITY)
    return linear.fit(some_rows(2000, seed=1), held=some_rows(1000, seed=2))


def test_noise_gets_coefficients_of_exactly_zero() -> None:
    coefficients = dict(fitted().form_.coefficients)
    assert coefficients[0] > 0.5
    noise = [abs(coefficients.get(column, 0.0)) for column in range(2, 20)]
    assert sum(by == 0.0 for by in noise) >= 9


def test_an_effect_of_one_offer_alone_is_learnt_as_a_product() -> None:
    form = fitted().form_
    assert (1, 1) in {(offer, column) for offer, column, _ in form.products}
    matrix = np.zeros((2, 20), dtype=np.float32)
    matrix[:, 1] = 1.0
    rows = Rows(matrix, np.array([0, 1]), 2, np.zeros(2), np.ones(2), np.zeros(2, dtype=np.int64))
    without, with_effect = fitted().score(rows)
    assert with_effect > without + 0.5


def test_coefficients_are_the_same_on_every_fit() -> None:
    assert fitted().form_ == fitted().form_


def test_the_path_tells_what_enters_and_which_penalty_was_taken() -> None:
    linear = fitted()
    assert [step.penalty for step in linear.path_] == list(
        CandidateSettings().penalties[: len(linear.path_)]
    )
    assert sum(step.settled for step in linear.path_) == 1
    settled = next(step for step in linear.path_ if step.settled)
    assert settled.penalty == linear.settled_.penalty
    assert linear.path_[0].columns[0] == 0
    assert len(linear.path_[-1].columns) >= len(linear.path_[0].columns)
    kept = {column for column, _ in linear.form_.coefficients}
    kept |= {column for _, column, _ in linear.form_.products}
    assert set(settled.columns) == kept
