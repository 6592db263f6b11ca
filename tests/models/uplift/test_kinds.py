from __future__ import annotations

import numpy as np
import pytest

from models.uplift.effects import Effect, LogError
from models.uplift.kinds import (
    CustomerKind,
    CustomerKinds,
    Thresholds,
    customer_kinds,
    kind_of,
)

THRESHOLDS = Thresholds(matters=0.05, sure_from=0.5)


def interval(low: float, high: float) -> Effect:
    return Effect((low + high) / 2, 0.0, low, high, np.nan, np.nan)


@pytest.mark.parametrize(
    ("effect", "baseline", "kind"),
    [
        ((0.01, 0.2), (0.1, 0.2), CustomerKind.PERSUADABLE),
        ((-0.2, -0.01), (0.1, 0.2), CustomerKind.DO_NOT_DISTURB),
        ((-0.01, 0.02), (0.6, 0.9), CustomerKind.SURE),
        ((-0.01, 0.02), (0.1, 0.2), CustomerKind.LOST),
        ((-0.01, 0.02), (0.4, 0.6), CustomerKind.UNKNOWN),
        ((-0.01, 0.2), (0.6, 0.9), CustomerKind.UNKNOWN),
    ],
)
def test_a_kind_is_named_only_where_no_other_is_left(
    effect: tuple[float, float], baseline: tuple[float, float], kind: CustomerKind
) -> None:
    found = kind_of(interval(*effect), baseline=interval(*baseline), thresholds=THRESHOLDS)
    assert found is kind


def made(count: int, *, seed: int, noise: float) -> tuple[CustomerKinds, np.ndarray, np.ndarray]:
    """Return the kinds of customers of which four groups exist, their group and what was found."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, count)
    effect = np.array([0.3, 0.0, 0.0, -0.3])[group]
    baseline = np.array([0.2, 0.9, 0.1, 0.6])[group]
    predicted = effect + 0.02 * rng.normal(size=count)
    guessed = baseline + 0.02 * rng.normal(size=count)
    kinds = customer_kinds(
        predicted,
        baseline=guessed,
        effect_scores=effect + noise * rng.normal(size=count),
        nothing_scores=baseline + noise * rng.normal(size=count),
        customer=np.arange(count),
        thresholds=THRESHOLDS,
    )
    return kinds, group, kinds.of(predicted, baseline=guessed)


def test_four_groups_get_their_four_names() -> None:
    _, group, found = made(40_000, seed=1, noise=0.3)
    names = ["persuadable", "sure", "lost", "do not disturb"]
    for place, name in enumerate(names):
        assert (found[group == place] == name).mean() > 0.7
        wrong = set(names) - {name}
        assert np.isin(found[group == place], list(wrong)).mean() < 0.25


def test_noise_leaves_no_name() -> None:
    _, _, found = made(4000, seed=2, noise=20.0)
    assert (found == "not enough data").mean() > 0.95


def test_few_contacts_leave_no_name() -> None:
    kinds, _, found = made(500, seed=3, noise=0.01)
    assert set(found) == {"not enough data"}
    assert all(cell.effect is None for cell in kinds.cells)


def test_without_any_effect_hardly_ever_a_cell_is_named() -> None:
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(200):
        kinds = customer_kinds(
            rng.normal(size=4000),
            baseline=rng.random(4000),
            effect_scores=rng.normal(size=4000),
            nothing_scores=rng.normal(size=4000),
            customer=np.arange(4000),
            thresholds=THRESHOLDS,
        )
        alarms += any(cell.kind is not CustomerKind.UNKNOWN for cell in kinds.cells)
    # At most 5 % by Bonferroni; four standard errors more are 0.11.
    assert alarms / 200 < 0.11


def test_nothing_to_compare_is_said() -> None:
    with pytest.raises(LogError, match="No contact can be compared"):
        customer_kinds(
            np.zeros(3),
            baseline=np.zeros(3),
            effect_scores=np.full(3, np.nan),
            nothing_scores=np.zeros(3),
            customer=np.arange(3),
            thresholds=THRESHOLDS,
        )
