import numpy as np
import pytest

from routing.value_groups import (
    ArrayValues,
    ShareError,
    cut_at,
    cuts,
    group_name,
    group_numbers,
)


def test_the_first_group_is_as_large_as_the_first_pools_share() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    groups = group_numbers(values, cuts=cuts(ArrayValues(values), shares=(0.35,)))
    assert (groups == 0).sum() == 350
    assert values[groups == 0].min() > values[groups == 1].max()


def test_a_larger_share_never_raises_the_cut() -> None:
    values = ArrayValues(np.random.default_rng(2).integers(0, 40, size=300).astype(float))
    found = [cut_at(values, share=share) for share in np.linspace(0, 1, 101).tolist()]
    assert found == sorted(found, reverse=True)


def test_equal_values_are_in_one_group_and_never_overfill_the_share() -> None:
    values = np.array([5.0, 5.0, 5.0, 1.0, 9.0])
    groups = group_numbers(values, cuts=cuts(ArrayValues(values), shares=(0.4,)))
    assert groups.tolist() == [1, 1, 1, 1, 0]


def test_the_cut_agrees_with_trying_every_threshold() -> None:
    rng = np.random.default_rng(4)
    for _ in range(50):
        values = rng.integers(0, 6, size=rng.integers(1, 12)).astype(float)
        share = float(rng.uniform(0, 1))
        fitting = [v for v in values if (values >= v).sum() <= share * len(values) + 1e-9]
        assert cut_at(ArrayValues(values), share=share) == min(fitting, default=float("inf"))


def test_more_than_two_groups_have_falling_cuts() -> None:
    values = np.arange(100.0)
    thresholds = cuts(ArrayValues(values), shares=(0.1, 0.2, 0.3))
    assert thresholds == (90.0, 70.0, 40.0)
    groups = group_numbers(values, cuts=thresholds)
    assert np.bincount(groups).tolist() == [10, 20, 30, 40]
    assert [group_name(number) for number in range(4)] == ["first", "second", "third", "fourth"]


def test_no_share_and_no_customers_make_no_first_group() -> None:
    assert cut_at(ArrayValues(np.array([1.0])), share=0.0) == float("inf")
    assert cut_at(ArrayValues(np.array([])), share=0.5) == float("inf")


@pytest.mark.parametrize("shares", [(), (-0.1,), (0.6, 0.6), (0.1,) * 5])
def test_shares_that_make_no_groups_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ShareError, match="make no value groups"):
        cuts(ArrayValues(np.array([1.0])), shares=shares)
