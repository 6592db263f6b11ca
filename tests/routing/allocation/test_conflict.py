"""Limits that cannot be met are named, no more of them than conflict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.allocation.choose import allocate
from routing.allocation.conflict import only
from routing.allocation.errors import InfeasibleLimitsError, LimitsFileError
from routing.allocation.limits import AgentMinutes, Budget, MinimumShare, OfferStock
from routing.allocation.problem import Problem
from tests.routing.allocation.peers import relaxed, stated


def with_limits(problem: Problem, *shared) -> Problem:
    return replace(problem, limits=replace(problem.limits, shared=tuple(shared)))


def test_a_floor_above_what_eligible_customers_could_use_is_named_alone(world) -> None:
    problem, batch = world(1, count=400)
    problem = with_limits(
        problem, Budget(5_000.0), MinimumShare(0.9, offers=("offer_0",)), AgentMinutes(900.0)
    )

    with pytest.raises(InfeasibleLimitsError, match="the customers allow at most") as caught:
        allocate(lambda: [batch], problem=problem)

    assert caught.value.conflict == ("share offer_0",)
    assert caught.value.status == 422


def test_a_floor_and_the_capacity_that_forbids_it_are_named_together(world) -> None:
    problem, batch = world(2, count=400)
    problem = with_limits(
        problem,
        Budget(5_000.0),
        AgentMinutes(2.0, licence="property"),
        MinimumShare(0.1, offers=("offer_0",)),
        OfferStock(50.0, offer="offer_2"),
    )

    with pytest.raises(InfeasibleLimitsError) as caught:
        allocate(lambda: [batch], problem=problem)

    assert set(caught.value.conflict) == {"minutes property", "share offer_0"}


def test_floors_that_together_exceed_a_capacity_are_named_with_it(world) -> None:
    problem, batch = world(3, count=600)
    contacts = batch.contacts.sum()
    problem = with_limits(
        problem,
        OfferStock(1e6, offer="offer_3"),
        MinimumShare(0.15, offers=("offer_0",)),
        MinimumShare(0.15, offers=("offer_1",)),
        Budget(0.25 * contacts),
        AgentMinutes(1e6),
    )

    with pytest.raises(InfeasibleLimitsError) as caught:
        allocate(lambda: [batch], problem=problem)

    assert set(caught.value.conflict) == {"share offer_0", "share offer_1", "budget"}


def test_a_conflict_is_proven_on_streams_larger_than_the_sample(world) -> None:
    problem, batch = world(4, count=6_000)
    problem = with_limits(problem, Budget(3.0), MinimumShare(0.05, offers=("offer_0",)))

    with pytest.raises(InfeasibleLimitsError) as caught:
        allocate(lambda: [batch], problem=problem, sample=1_000)

    assert set(caught.value.conflict) == {"budget", "share offer_0"}


@pytest.mark.parametrize("seed", range(25))
def test_a_conflict_is_told_exactly_where_the_linear_programme_has_no_solution(seed, world) -> None:
    problem, batch = world(400 + seed, count=300)
    rng = np.random.default_rng(seed)
    problem = with_limits(
        problem,
        Budget(float(rng.uniform(5, 120))),
        AgentMinutes(float(rng.uniform(20, 300)), licence="property"),
        MinimumShare(float(rng.uniform(0, 0.35)), offers=("offer_0",)),
        MinimumShare(float(rng.uniform(0, 0.35)), offers=("offer_1",)),
        MinimumShare(float(rng.uniform(0, 0.3)), partner="south"),
    )
    count = len(batch)
    feasible = relaxed(stated(problem, batch), count).success

    if feasible:
        assert allocate(lambda: [batch], problem=problem).customers == count
        return
    with pytest.raises(InfeasibleLimitsError) as caught:
        allocate(lambda: [batch], problem=problem)
    named = [problem.index_of(name) for name in caught.value.conflict]
    assert not relaxed(stated(only(problem, named), batch), count).success
    for number in named:
        fewer = only(problem, [each for each in named if each != number])
        assert not fewer.names or relaxed(stated(fewer, batch), count).success


def test_minutes_that_nobody_gave_are_asked_for(world) -> None:
    problem, batch = world(5, count=10)

    with pytest.raises(LimitsFileError, match="how many minutes presenting offer_0 takes"):
        allocate(lambda: [batch], problem=replace(problem, presentation_minutes={}))
