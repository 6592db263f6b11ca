from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.uplift.effects import LogError
from models.uplift.policy_value import chances, policy_difference, policy_value
from models.uplift.presented import PresentedRows
from tests.uplift_world import World, world


def true_outcomes(made: World) -> np.ndarray:
    return np.column_stack([made.baseline, made.baseline[:, None] + made.effects])


def best(made: World) -> np.ndarray:
    effects = np.where(made.rows.eligible, made.effects, -np.inf)
    return np.where(effects.max(axis=1) > 0, effects.argmax(axis=1), -1)


def worth(made: World, policy: np.ndarray) -> float:
    pi = chances(policy, offers=made.rows.offers)
    return float((pi * true_outcomes(made)).sum(axis=1).mean())


def test_all_three_ways_find_the_true_value() -> None:
    made = world(20_000, seed=1, offers=2, uneven=True, some_eligible=True)
    found = policy_value(made.rows, policy=best(made), expected=true_outcomes(made))
    true = worth(made, best(made))
    for interval in (found.ips, found.self_normalised, found.doubly_robust):
        assert abs(interval.value - true) < 0.04
        assert interval.low < true < interval.high
    width = [each.high - each.low for each in (found.ips, found.doubly_robust)]
    assert width[1] < width[0]


def test_the_policy_of_the_log_is_worth_what_the_log_earned() -> None:
    rows = world(3000, seed=2, offers=2, uneven=True).rows
    found = policy_value(rows, policy=rows.propensity, expected=np.zeros((3000, 3)))
    assert found.ips.value == pytest.approx(rows.outcome.mean())
    assert found.self_normalised.value == pytest.approx(rows.outcome.mean())
    assert found.effective == pytest.approx(3000)
    assert not found.warnings


def test_doubly_robust_stays_right_with_wrong_models() -> None:
    made = world(20_000, seed=3, offers=2, uneven=True)
    found = policy_value(made.rows, policy=best(made), expected=1.0 - true_outcomes(made))
    assert found.doubly_robust.low < worth(made, best(made)) < found.doubly_robust.high


@pytest.mark.parametrize("way", ["ips", "self_normalised", "doubly_robust"])
def test_intervals_hold_the_truth_in_95_of_100_logs(way: str) -> None:
    large = world(200_000, seed=4, offers=2, uneven=True)
    policy = (large.rows.matrix[:, 1] > 0).astype(np.intp)
    true, held = worth(large, policy), 0
    for seed in range(300):
        made = world(500, seed=1000 + seed, offers=2, uneven=True)
        policy = (made.rows.matrix[:, 1] > 0).astype(np.intp)
        found = policy_value(made.rows, policy=policy, expected=true_outcomes(made))
        interval = getattr(found, way)
        held += interval.low <= true <= interval.high
    # Three standard errors of a share of 0.95 in 300 trials are 0.038.
    assert 0.912 <= held / 300 <= 0.988


def test_two_policies_are_compared_on_the_same_contacts() -> None:
    made = world(8000, seed=5, offers=2)
    nothing = np.full(8000, -1)
    found = policy_difference(
        made.rows, policy=best(made), against=nothing, expected=true_outcomes(made)
    )
    assert found.low < worth(made, best(made)) - worth(made, nothing) < found.high
    assert found.low > 0
    same = policy_difference(
        made.rows, policy=nothing, against=nothing, expected=true_outcomes(made)
    )
    assert same.value == 0.0


def certain(rows: PresentedRows, chosen: np.ndarray) -> PresentedRows:
    propensity = rows.propensity.copy()
    propensity[chosen] = np.eye(rows.offers + 1)[rows.action[chosen] + 1]
    return replace(rows, propensity=propensity)


def test_thin_and_no_overlap_are_said() -> None:
    rows = world(2000, seed=6).rows
    every = np.zeros(2000, dtype=np.intp)
    expected = np.zeros((2000, 2))
    assert not policy_value(rows, policy=every, expected=expected).warnings
    gone = certain(rows, np.flatnonzero(rows.action < 0))
    said = policy_value(gone, policy=every, expected=expected).warnings
    assert said[0].startswith("No overlap: ")
    rare = rows.propensity.copy()
    few = np.flatnonzero(rows.action == 0)[:5]
    rare[few] = [0.999, 0.001]
    thin = policy_value(replace(rows, propensity=rare), policy=every, expected=expected)
    assert [words[:12] for words in thin.warnings] == ["Thin overlap", "A few contac"]
    assert thin.effective < 50


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (np.full(50, 2), "outside -1"),
        (np.full((50, 3), 0.5), "do not add up"),
        (np.full(49, 0), "decides on 49 contacts of 50"),
        (np.ones(50, dtype=np.intp), "not eligible"),
    ],
)
def test_a_policy_that_is_none_is_refused(policy: np.ndarray, said: str) -> None:
    rows = world(50, seed=7, offers=2, some_eligible=True).rows
    with pytest.raises(LogError, match=said):
        policy_value(rows, policy=policy, expected=np.zeros((50, 3)))
