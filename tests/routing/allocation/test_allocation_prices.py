"""Prices are those of the linear programme."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_array, hstack, vstack

from routing.allocation.choose import allocate
from tests.routing.allocation.peers import matrix_of, relaxed, stated


def dual_range(said, count, number, optimum):
    """Return the least and greatest price of a limit over all optimal duals, by HiGHS."""
    matrix = matrix_of(said, count)
    bounds = np.concatenate([said.bound, said.places])
    rows, columns = matrix.shape
    # y >= 0, z >= 0: matrix' y + z >= money; bounds y + 1 z = optimum
    meets = hstack([-matrix.T, -csr_array(np.eye(columns))])
    cost = np.concatenate([bounds, np.ones(columns)])
    best = csr_array(cost[None, :])
    a_ub = vstack([meets, best])
    b_ub = np.concatenate([-said.money, [optimum * (1 + 1e-9) + 1e-9]])
    aim = np.zeros(rows + columns)
    aim[number] = 1.0
    low = linprog(aim, A_ub=a_ub, b_ub=b_ub)
    high = linprog(-aim, A_ub=a_ub, b_ub=b_ub)
    assert low.success
    assert high.success
    return low.fun, -high.fun


@pytest.mark.parametrize("seed", range(8))
def test_prices_are_optimal_duals_of_the_linear_programme(seed, world) -> None:
    problem, batch = world(
        200 + seed, count=250, most=1 + seed % 2, floors=seed % 2 == 0, tight=1.3
    )
    said = stated(problem, batch)
    optimum = -relaxed(said, len(batch)).fun

    found = allocate(lambda: [batch], problem=problem)

    for number, price in enumerate(found.rule.prices.tolist()):
        low, high = dual_range(said, len(batch), number, optimum)
        assert low - 1e-3 * max(low, 1.0) <= price <= high + 1e-3 * max(high, 1.0)


def test_a_unit_more_brings_its_price(world) -> None:
    problem, batch = world(300, count=4_000, floors=False)
    said = stated(problem, batch)
    found = allocate(lambda: [batch], problem=problem)
    number = int(np.argmax(found.rule.prices * said.bound))
    more = said.bound.copy()
    more[number] += 1.0

    gained = (
        relaxed(said, len(batch)).fun
        - relaxed(
            type(said)(said.money, said.use, more, said.row, said.offer, said.places), len(batch)
        ).fun
    )

    assert gained == pytest.approx(found.rule.prices[number], rel=0.02)
    assert f"is worth {found.rule.prices[number]:.2f}" in found.limits[number].sentence


def test_an_unused_limit_has_no_price(world) -> None:
    problem, batch = world(301, count=1_000, floors=False, tight=1_000.0)

    found = allocate(lambda: [batch], problem=problem)

    assert not found.rule.prices.any()
    assert not any(each.binds for each in found.limits)
    assert found.money == pytest.approx(found.bound, rel=1e-6)
