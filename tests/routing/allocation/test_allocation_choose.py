"""Choices are the best ones, and no limit is ever broken."""

from __future__ import annotations

import numpy as np
import pytest

from routing.allocation.choose import allocate
from routing.allocation.errors import InfeasibleLimitsError
from tests.routing.allocation.peers import best_by_trying_all, relaxed, stated, whole


def kept(said, chosen) -> bool:
    taken = chosen[said.row, said.offer]
    within = (said.use @ taken <= said.bound + 1e-9).all()
    one_each = (chosen.sum(axis=1) <= said.places).all()
    return bool(within and one_each and taken.sum() == chosen.sum())


@pytest.mark.parametrize("seed", range(60))
def test_small_cases_equal_trying_every_choice(seed, world) -> None:
    problem, batch = world(
        seed, count=5, width=3, most=1 + seed % 2, floors=seed % 3 > 0, tight=1.0 + seed % 4
    )
    said = stated(problem, batch)
    best = best_by_trying_all(said, len(batch))

    if best is None:
        with pytest.raises(InfeasibleLimitsError):
            allocate(lambda: [batch], problem=problem)
        return
    found = allocate(lambda: [batch], problem=problem)

    assert found.proven_best
    assert found.money == pytest.approx(best, abs=1e-5)
    assert kept(said, found.rule.choose(batch))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_called_the_best_is_what_highs_finds_in_whole_choices(seed, world) -> None:
    problem, batch = world(seed, count=40, most=1 + seed % 2, floors=seed % 2 > 0, tight=1.5)
    said = stated(problem, batch)
    exact = whole(said, len(batch))
    if not exact.success:
        with pytest.raises(InfeasibleLimitsError):
            allocate(lambda: [batch], problem=problem)
        return

    found = allocate(lambda: [batch], problem=problem)

    assert found.money <= -exact.fun + 1e-5
    assert found.bound >= -exact.fun - 1e-5
    assert kept(said, found.rule.choose(batch))
    if found.proven_best:
        assert found.money == pytest.approx(-exact.fun, abs=1e-5)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("most", [1, 2])
def test_no_limit_is_ever_broken_and_little_is_lost(seed, most, world) -> None:
    problem, batch = world(
        100 + seed, count=1_500, most=most, floors=seed % 2 > 0, ties=seed % 3 == 0, tight=1.2
    )
    said = stated(problem, batch)

    found = allocate(lambda: [batch], problem=problem)

    assert kept(said, found.rule.choose(batch))
    optimum = -relaxed(said, len(batch)).fun
    assert found.bound >= optimum - 1e-4
    assert found.bound == pytest.approx(optimum, rel=1e-5)
    assert found.money >= 0.995 * optimum


@pytest.mark.parametrize("ties", [False, True])
def test_streams_larger_than_the_sample_keep_every_limit_too(ties, world) -> None:
    problem, batch = world(7, count=12_000, ties=ties)
    said = stated(problem, batch)
    parts = [batch.take(rows) for rows in np.array_split(np.arange(len(batch)), 9)]

    found = allocate(lambda: parts, problem=problem, sample=2_000)

    assert kept(said, found.rule.choose(batch))
    optimum = -relaxed(said, len(batch)).fun
    assert found.bound >= optimum - 1e-3
    assert found.bound == pytest.approx(optimum, rel=1e-3)
    assert found.money >= 0.995 * optimum


def test_neither_batches_nor_their_order_matter(world) -> None:
    problem, batch = world(8, count=6_000)
    shuffled = batch.take(np.random.default_rng(1).permutation(len(batch)))
    parts = [shuffled.take(rows) for rows in np.array_split(np.arange(len(batch)), 7)]

    one = allocate(lambda: [batch], problem=problem, sample=1_000)
    other = allocate(lambda: parts, problem=problem, sample=1_000)

    assert one.money == other.money
    assert (one.rule.prices == other.rule.prices).all()
    assert (one.rule.choose(batch) == other.rule.choose(batch)).all()
    assert one.limits == other.limits


def test_a_stream_comes_to_what_memory_comes_to(world) -> None:
    problem, batch = world(9, count=6_000)

    streamed = allocate(lambda: [batch], problem=problem, sample=1_000)
    in_memory = allocate(lambda: [batch], problem=problem)

    assert streamed.money == pytest.approx(in_memory.money, rel=2e-3)
    assert streamed.rule.prices == pytest.approx(in_memory.rule.prices, rel=0.05, abs=0.05)


def test_sums_told_are_those_of_the_choices(world) -> None:
    problem, batch = world(10, count=3_000, most=2)
    said = stated(problem, batch)

    found = allocate(lambda: [batch], problem=problem)

    chosen = found.rule.choose(batch)
    taken = chosen[said.row, said.offer]
    assert found.money == pytest.approx(said.money @ taken, rel=1e-6)
    used = np.abs(said.use @ taken)
    assert [each.used for each in found.limits] == pytest.approx(used.tolist(), rel=1e-6)
    assert [each.customers for each in found.mix] == chosen.sum(axis=0).tolist()
    assert sum(found.nothing.values()) == int((~chosen.any(axis=1)).sum())
