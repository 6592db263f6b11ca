"""A weak segment is found, named in words and confirmed; quiet data raises no false alarm."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from features.contract import Kind
from models.judging.segments import compare_segments, conditions, holm, weakest

KINDS = {"age": Kind.CONTINUOUS, "region": Kind.NOMINAL, "online": Kind.BINARY}


def world(
    count: int = 6000, *, seed: int = 1
) -> tuple[dict[str, NDArray[np.object_]], NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=count) - 1
    chance = 1 / (1 + np.exp(-score))
    columns = {
        "age": np.where(rng.random(count) < 0.05, np.nan, rng.normal(50, 12, count)),
        "region": rng.choice(np.array(["north", "south", "west"], dtype=object), count),
        "online": rng.integers(0, 2, count).astype(float),
    }
    return columns, (rng.random(count) < chance).astype(np.float64), chance


def shuffled_where(
    rows: NDArray[np.bool_], values: NDArray[np.float64], *, seed: int = 2
) -> NDArray[np.float64]:
    found = values.copy()
    found[rows] = np.random.default_rng(seed).permutation(found[rows])
    return found


def test_a_segment_in_which_the_model_guesses_is_named_first() -> None:
    columns, label, chance = world()
    guessed = (columns["region"] == "west") & (columns["online"] == 1)
    found = weakest(columns, label, shuffled_where(guessed, chance), kinds=KINDS)
    assert set(found[0].text.split(" and ")) == {"region = west", "online = 1"}
    assert found[0].auc_high < found[0].auc_of_all
    assert found[0].share == pytest.approx(1 / 6, abs=0.02)


def test_where_all_is_well_intervals_reach_the_auc_of_all() -> None:
    surely_below = 0
    for seed in range(20):
        columns, label, chance = world(3000, seed=seed)
        found = weakest(columns, label, chance, kinds=KINDS)
        surely_below += sum(segment.auc_high < segment.auc_of_all for segment in found)
    assert surely_below <= 20


def test_a_segment_that_says_too_much_shows_its_gap() -> None:
    columns, label, chance = world()
    rows = columns["region"] == "north"
    louder = np.where(rows, np.minimum(1.6 * chance, 1), chance)
    found = weakest(columns, label, louder, kinds=KINDS)
    north = [segment for segment in found if segment.text == "region = north"]
    assert all(segment.gap_low > 0 for segment in north)


def test_a_segment_gone_bad_is_told_from_noise() -> None:
    columns, label, chance = world()
    old = chance
    gone_bad = shuffled_where(columns["region"] == "south", chance)
    found = compare_segments(columns, label, gone_bad, old, kinds=KINDS)
    assert found[0].text == "region = south"
    assert found[0].p < 0.001


def test_two_equal_models_differ_in_some_segment_in_about_5_of_100_worlds() -> None:
    alarms = 0
    for seed in range(60):
        columns, label, chance = world(2000, seed=seed)
        rng = np.random.default_rng(1000 + seed)
        one, other = (chance + rng.normal(0, 0.02, len(chance)) for _ in range(2))
        found = compare_segments(columns, label, one, other, kinds=KINDS)
        alarms += min(each.p for each in found) < 0.05
    assert alarms <= 8


def test_conditions_cover_every_row_of_a_column_once() -> None:
    columns, label, _ = world()
    made = conditions(columns, kinds=KINDS, least_share=0.0)
    for name in KINDS:
        covered = sum(each.rows.astype(int) for each in made if each.column == name)
        assert (covered == np.ones(len(label), dtype=int)).all()


def test_two_columns_that_name_the_same_rows_are_told_once() -> None:
    columns, label, chance = world()
    columns["region_again"] = columns["region"]
    found = weakest(columns, label, chance, kinds={**KINDS, "region_again": Kind.NOMINAL})
    assert not any("region_again" in segment.text for segment in found)


def test_too_few_of_an_outcome_are_not_searched() -> None:
    columns, label, chance = world(200)
    assert weakest(columns, label, chance, kinds=KINDS) == ()


def test_holm_multiplies_the_least_p_by_all() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
