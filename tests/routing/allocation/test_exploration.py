"""Exploration is small, known to the last digit, and spares those it must."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from routing.allocation.exploration import (
    NOTHING,
    actions_of,
    expected_cost,
    explore,
    probability_of,
    share_of,
)
from routing.exploration import Exploration, ExplorationError

ELIGIBLE = (True, False, True, True)
ADDED = (10.0, 99.0, -4.0, 6.0)


def act(contact: str, *, policy: int = 0, exempt: bool = False, **said: float):
    return explore(
        contact,
        label="2026-11-22.1",
        policy=policy,
        eligible=ELIGIBLE,
        added_value=ADDED,
        exempt=exempt,
        exploration=Exploration(**said),
    )


@pytest.mark.parametrize("policy", [NOTHING, 0, 3])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.2])
def test_probabilities_of_all_actions_sum_to_one(policy: int, share: float) -> None:
    actions = actions_of(ELIGIBLE)

    total = math.fsum(
        probability_of(each, policy=policy, actions=actions, share=share) for each in actions
    )

    assert total == pytest.approx(1.0, abs=1e-15)
    assert probability_of(1, policy=policy, actions=actions, share=share) == 0.0


def test_actions_come_as_often_as_their_probabilities_say() -> None:
    count = 40_000
    taken = [act(f"c-{number}", share=0.2) for number in range(count)]

    often = Counter(each.offer for each in taken)

    assert set(often) == {NOTHING, 0, 2, 3}
    for offer, times in often.items():
        p = probability_of(offer, policy=0, actions=actions_of(ELIGIBLE), share=0.2)
        assert abs(times - count * p) < 4.5 * math.sqrt(count * p * (1 - p))
        assert {each.probability for each in taken if each.offer == offer} == {p}
    explored = sum(each.explored for each in taken)
    assert abs(explored - count * 0.2) < 4.5 * math.sqrt(count * 0.2 * 0.8)


def test_weighting_by_probability_tells_the_value_of_another_policy() -> None:
    taken = [act(f"w-{number}", share=0.2) for number in range(60_000)]

    # The policy that always presents offer 3, judged from the log of one that presents offer 0.
    weights = [ADDED[each.offer] / each.probability * (each.offer == 3) for each in taken]

    assert np.mean(weights) == pytest.approx(ADDED[3], rel=0.06)


def test_the_same_contact_always_gets_the_same_answer() -> None:
    assert [act(f"c-{n}", share=0.2) for n in range(200)] == [
        act(f"c-{n}", share=0.2) for n in range(200)
    ]


def test_exempt_customers_are_never_explored() -> None:
    taken = [act(f"c-{number}", exempt=True, share=0.2) for number in range(5_000)]

    assert {(each.offer, each.probability, each.explored) for each in taken} == {(0, 1.0, False)}


def test_offers_that_are_not_eligible_are_never_drawn() -> None:
    assert all(act(f"c-{n}", share=0.2).offer != 1 for n in range(5_000))


def test_where_nothing_is_eligible_nothing_is_explored() -> None:
    share = share_of(
        NOTHING,
        eligible=(False, False),
        added_value=(1.0, 1.0),
        exempt=False,
        exploration=Exploration(0.1),
    )
    assert share == 0.0


def test_the_regret_budget_bounds_what_a_contact_may_cost() -> None:
    regret = 10.0 - (0.0 + 10.0 - 4.0 + 6.0) / 4
    said = Exploration(share=0.2, regret_budget=0.35)

    share = share_of(0, eligible=ELIGIBLE, added_value=ADDED, exempt=False, exploration=said)

    assert share < 0.2
    assert share * regret == pytest.approx(0.35)


def test_the_cost_told_beforehand_is_the_sum_over_contacts() -> None:
    said = Exploration(share=0.1, regret_budget=0.5)
    added = np.array([ADDED, ADDED, ADDED])
    may = np.array([ELIGIBLE, ELIGIBLE, ELIGIBLE])
    exempt = np.array([False, True, False])
    contacts = np.array([2.0, 5.0, 0.5])
    policy = np.array([0, 0, NOTHING])

    cost, explored = expected_cost(
        added, policy=policy, open_offers=may, exempt=exempt, contacts=contacts, exploration=said
    )

    shares = [
        share_of(int(p), eligible=ELIGIBLE, added_value=ADDED, exempt=bool(e), exploration=said)
        for p, e in zip(policy, exempt, strict=True)
    ]
    regrets = [7.0, 7.0, -3.0]
    assert explored == pytest.approx(sum(c * s for c, s in zip(contacts, shares, strict=True)))
    assert cost == pytest.approx(
        sum(c * s * r for c, s, r in zip(contacts, shares, regrets, strict=True))
    )


@pytest.mark.parametrize("said", [{"share": 0.5}, {"share": -0.1}, {"regret_budget": -1.0}])
def test_a_share_or_budget_out_of_bounds_is_refused(said: dict[str, float]) -> None:
    with pytest.raises(ExplorationError):
        Exploration(**said)
