"""Intervals hold the truth as often as they say, and influences are what a nudged row does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from models.judging import influence
from models.judging.influence import Estimate
from models.judging.intervals import (
    Scale,
    auc_interval,
    bootstrap_interval,
    interval_of,
    paired_auc,
    paired_mean_loss,
)
from models.signals import Task

Scores = NDArray[np.float64]

MEASURES: dict[str, Callable[..., Estimate]] = {
    "auc": influence.auc,
    "average_precision": influence.average_precision,
    "brier": influence.brier,
    "rmse": influence.rmse,
}
EVERY = {**MEASURES, "lift": partial(influence.lift, top=0.1)}


def drawn(
    rng: np.random.Generator, *, count: int = 800, slope: float = 1.0
) -> tuple[Scores, Scores]:
    """Return labels and predictions of a model that says the truth."""
    score = slope * rng.normal(size=count) - 1.5
    chance = 1 / (1 + np.exp(-score))
    return (rng.random(count) < chance).astype(np.float64), chance


def held_in(hits: int, *, worlds: int) -> bool:
    """Return whether a coverage is within three standard errors of 95 %."""
    return abs(hits / worlds - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / worlds)


def test_auc_and_average_precision_are_those_of_scikit_learn() -> None:
    label, predicted = drawn(np.random.default_rng(1))
    assert influence.auc(label, predicted).value == pytest.approx(roc_auc_score(label, predicted))
    assert influence.average_precision(label, predicted).value == pytest.approx(
        average_precision_score(label, predicted)
    )


def test_ties_count_half() -> None:
    label, predicted = drawn(np.random.default_rng(2))
    rounded = predicted.round(1)
    assert influence.auc(label, rounded).value == pytest.approx(roc_auc_score(label, rounded))


@pytest.mark.parametrize("name", MEASURES)
def test_an_influence_is_what_a_nudged_row_does(name: str) -> None:
    measure = MEASURES[name]
    label, predicted = drawn(np.random.default_rng(3), count=60)
    whole = measure(label, predicted)
    nudge = 1e-6
    for row in (0, 17, 59):
        weight = np.ones(60)
        weight[row] += 60 * nudge
        moved = measure(label, predicted, weight=weight).value - whole.value
        assert moved / (60 * nudge) == pytest.approx(whole.influence[row], rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("name", EVERY)
def test_influences_sum_to_nothing(name: str) -> None:
    label, predicted = drawn(np.random.default_rng(4))
    found = EVERY[name](label, predicted)
    assert abs(found.influence.sum()) < 1e-9


@pytest.mark.parametrize("name", ["auc", "average_precision", "lift", "brier"])
def test_an_interval_holds_the_truth_in_95_of_100_samples(name: str) -> None:
    rng, worlds = np.random.default_rng(5), 400
    scale = Scale.LOG if name == "lift" else Scale.LOG_ODDS
    label, predicted = drawn(rng, count=400_000)
    truth = EVERY[name](label, predicted).value
    hits = 0
    for _ in range(worlds):
        found = interval_of(EVERY[name](*drawn(rng)), scale=scale)
        hits += found.low <= truth <= found.high
    assert held_in(hits, worlds=worlds)


def test_rows_of_one_customer_count_together() -> None:
    rng, worlds, hits, plain = np.random.default_rng(6), 300, 0, 0
    for _ in range(worlds):
        label, predicted = drawn(rng, count=300)
        thrice = [np.repeat(each, 3) for each in (label, predicted)]
        customer = np.repeat(np.arange(300), 3)
        clustered = auc_interval(*thrice, cluster=customer)
        alone = auc_interval(*thrice)
        hits += clustered.low <= 0.7603 <= clustered.high
        plain += alone.low <= 0.7603 <= alone.high
    assert held_in(hits, worlds=worlds)
    assert plain < hits - 20


def test_hall_s_interval_of_skewed_money_beats_the_symmetric_one() -> None:
    rng, worlds = np.random.default_rng(7), 600
    missed = {scale: [0, 0] for scale in (Scale.PLAIN, Scale.SKEWED)}
    for _ in range(worlds):
        money = np.where(rng.random(250) < 0.08, rng.lognormal(5, 1, 250), 0.0)
        truth = 0.08 * np.exp(5.5)
        for scale, sides in missed.items():
            found = interval_of(influence.mean(money), scale=scale)
            sides[0] += truth < found.low
            sides[1] += truth > found.high
    total = {scale: sum(sides) for scale, sides in missed.items()}
    assert total[Scale.SKEWED] < total[Scale.PLAIN]
    assert 1 - total[Scale.SKEWED] / worlds > 0.91


def test_a_better_model_is_told_from_a_worse_one_on_the_same_rows() -> None:
    rng = np.random.default_rng(8)
    label, good = drawn(rng, count=4000)
    poor = np.clip(good + rng.normal(0, 0.15, 4000), 0.001, 0.999)
    ahead = paired_auc(label, good, poor)
    loss = paired_mean_loss(label, good, poor, task=Task.PROBABILITY)
    assert ahead.low > 0
    assert ahead.p < 0.01
    assert loss.high < 0


def test_two_equal_models_differ_by_nothing() -> None:
    label, predicted = drawn(np.random.default_rng(9))
    same = paired_auc(label, predicted, predicted)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_a_false_alarm_between_equals_comes_in_5_of_100() -> None:
    rng, worlds, alarms = np.random.default_rng(10), 400, 0
    for _ in range(worlds):
        label, truth = drawn(rng, count=500)
        one, other = (truth + rng.normal(0, 0.05, 500) for _ in range(2))
        alarms += paired_auc(label, one, other).p < 0.05
    assert held_in(worlds - alarms, worlds=worlds)


def test_the_bootstrap_agrees_where_an_influence_is_known() -> None:
    label, predicted = drawn(np.random.default_rng(11), count=2000)
    linear = interval_of(influence.brier(label, predicted))
    drawn_again = bootstrap_interval(
        lambda weight: influence.brier(label, predicted, weight=weight).value,
        count=2000,
        rng=np.random.default_rng(12),
        replicates=400,
    )
    assert drawn_again.low == pytest.approx(linear.low, rel=0.05)
    assert drawn_again.high == pytest.approx(linear.high, rel=0.05)
