"""The small solvers agree with scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog, nnls

from routing.allocation.level import minimise
from routing.allocation.nonnegative import least_squares, nearest_point


@pytest.mark.parametrize("columns", [1, 3, 8, 40])
def test_non_negative_least_squares_are_as_small_as_scipys(columns: int) -> None:
    rng = np.random.default_rng(columns)
    for _ in range(30):
        matrix, target = rng.normal(size=(8, columns)), rng.normal(size=8)

        found = least_squares(matrix, target)

        assert (found >= 0.0).all()
        _, residual = nnls(matrix, target)
        assert np.linalg.norm(matrix @ found - target) == pytest.approx(residual, abs=1e-9)


def test_the_nearest_point_of_a_half_space_is_its_foot() -> None:
    found = nearest_point(np.array([[3.0, 4.0]]), np.array([10.0]))

    assert found == pytest.approx(np.array([1.2, 1.6]))


def test_no_point_is_found_where_there_is_none() -> None:
    assert nearest_point(np.array([[1.0], [-1.0]]), np.array([1.0, 1.0])) is None


@pytest.mark.parametrize("limits", [1, 4, 12, 30])
def test_the_least_of_a_dual_is_that_of_the_linear_programme(limits: int) -> None:
    rng = np.random.default_rng(limits)
    money = rng.exponential(50.0, size=600)
    usage = rng.exponential(1.0, size=(600, limits)) * (rng.random((600, limits)) < 0.4)
    room = usage.sum(axis=0) * rng.uniform(0.1, 0.9, limits)

    def dual(prices):
        taken = money - usage @ prices > 0.0
        value = (money - usage @ prices)[taken].sum() + prices @ room
        return value, room - usage[taken].sum(axis=0)

    least = minimise(
        dual,
        start=np.zeros(limits),
        lowest=np.zeros(limits),
        highest=np.full(limits, 1e4),
        lower=0.0,
        tolerance=1e-5,
    )

    optimum = -linprog(-money, A_ub=usage.T, b_ub=room, bounds=(0, 1)).fun
    assert least.lower - 1e-6 <= optimum <= least.value + 1e-6
    assert least.value == pytest.approx(optimum, abs=1e-4)
