"""Lapse in time: lives watched unequally long teach without bias, and other ends compete."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import ModelError
from models.judging.influence import auc
from models.survival import Lifetimes, aalen_johansen, fit_hazards, known_by


def lapse_hazard(x: np.ndarray) -> np.ndarray:
    return 0.04 + 0.08 * (x > 0)


def watched_lives(count: int, *, seed: int, most: int = 12) -> tuple[np.ndarray, Lifetimes]:
    """Lives that lapse sooner where x is above 0, or die, and are watched 1 to `most` periods."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    lapse = rng.geometric(lapse_hazard(x))
    death = rng.geometric(0.02, count)
    until = rng.integers(1, most + 1, count)
    ends = np.minimum(lapse, death)
    cause = np.where(ends > until, 0, np.where(lapse <= death, 1, 2))
    return x[:, None], Lifetimes(np.minimum(ends, until), cause)


def true_incidence(x: float, periods: int) -> np.ndarray:
    lapse, death = float(lapse_hazard(np.array(x))), 0.02
    # Both in one period count as a lapse.
    going_on = ((1 - lapse) * (1 - death)) ** np.arange(periods)
    return np.cumsum(going_on * lapse)


def test_incidence_is_that_of_the_truth_although_lives_were_cut() -> None:
    matrix, lives = watched_lives(20_000, seed=1)
    model = fit_hazards(matrix, lives)
    found = model.incidence(np.array([[-1.0], [1.0]]), cause=1, periods=10)
    assert found[0] == pytest.approx(true_incidence(-1.0, 10), abs=0.03)
    assert found[1] == pytest.approx(true_incidence(1.0, 10), abs=0.03)


def test_all_ends_together_never_exceed_one() -> None:
    matrix, lives = watched_lives(3000, seed=2)
    model = fit_hazards(matrix, lives)
    both = sum(model.incidence(matrix, cause=cause, periods=12) for cause in (1, 2))
    assert np.all(np.diff(both, axis=1) >= 0)
    assert both.max() <= 1.0


def test_counting_unwatched_time_as_no_lapse_would_be_biased() -> None:
    matrix, lives = watched_lives(20_000, seed=3)
    truth = np.mean([true_incidence(float(x), 10)[-1] for x in matrix[:, 0]])
    naive = np.mean((lives.cause == 1) & (lives.periods <= 10))
    ours = aalen_johansen(lives, cause=1, periods=10)[-1]
    assert naive < 0.75 * truth
    assert ours == pytest.approx(truth, abs=0.02)


def test_weights_of_those_watched_long_enough_stand_for_all() -> None:
    _, lives = watched_lives(20_000, seed=4)
    label, weight = known_by(lives, cause=1, periods=8)
    assert np.average(label, weights=weight) == pytest.approx(
        aalen_johansen(lives, cause=1, periods=8)[-1], abs=0.01
    )
    assert weight.sum() == pytest.approx(len(lives), rel=0.03)


def test_who_lapses_sooner_is_told_on_other_lives() -> None:
    matrix, lives = watched_lives(4000, seed=5)
    other, theirs = watched_lives(4000, seed=6)
    label, weight = known_by(theirs, cause=1, periods=6)
    score = fit_hazards(matrix, lives).incidence(other, cause=1, periods=6)[:, -1]
    known = weight > 0
    assert auc(label[known], score[known], weight=weight[known]).value > 0.6


def test_the_same_seed_gives_the_same_hazards() -> None:
    matrix, lives = watched_lives(1500, seed=7)
    first, second = (fit_hazards(matrix, lives, seed=3).hazards(matrix, periods=4) for _ in "ab")
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("periods", "cause", "says"),
    [([0, 1], [0, 1], "fewer than 1 period"), ([1], [0, 1], "1 lengths and 2 causes")],
)
def test_impossible_lives_are_refused(periods: list[int], cause: list[int], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        Lifetimes(np.array(periods), np.array(cause))


def test_lives_without_an_end_teach_nothing() -> None:
    with pytest.raises(ModelError, match="No life has ended"):
        fit_hazards(np.zeros((9, 1)), Lifetimes(np.full(9, 3), np.zeros(9, dtype=np.intp)))


def test_nothing_is_said_beyond_what_was_watched() -> None:
    matrix, lives = watched_lives(500, seed=8)
    with pytest.raises(ModelError, match="Ask for 1 to 12"):
        fit_hazards(matrix, lives).incidence(matrix, cause=1, periods=30)
