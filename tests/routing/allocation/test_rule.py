"""A rule chooses alike in any batch, and says how each offer stands and why some get nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from routing.allocation.account import left_with_nothing
from routing.allocation.batch import draws
from routing.allocation.choose import allocate
from routing.allocation.errors import BatchError
from routing.allocation.problem import prepare
from routing.allocation.rule import NOTHINGS, STANDINGS, Nothing, Standing, why_nothing


def test_a_customer_gets_the_same_offers_in_any_batch(world) -> None:
    problem, batch = world(1, count=500)
    rule = allocate(lambda: [batch], problem=problem).rule
    whole = rule.choose(batch)
    rows = np.random.default_rng(1).permutation(len(batch))[:50]

    assert (rule.choose(batch.take(rows)) == whole[rows]).all()
    for row in rows[:10]:
        assert (rule.choose(batch.take(np.array([row]))) == whole[row]).all()


def test_each_offer_stands_as_the_facts_say(world) -> None:
    problem, batch = world(2, count=2_000)
    rule = allocate(lambda: [batch], problem=problem).rule
    chosen = rule.choose(batch)

    stands = np.array(STANDINGS)[rule.standings(batch)]

    assert ((stands == Standing.PRESENT) == chosen).all()
    assert ((stands == Standing.NOT_ELIGIBLE) == ~batch.eligible).all()
    asked = batch.asked_not_to[:, None] & batch.eligible
    assert ((stands == Standing.ASKED_NOT_TO) == asked).all()
    priced = stands == Standing.PRICED_OUT
    assert (batch.added_value[priced] > 0.0).all()
    resting = stands == Standing.RESTING
    assert (batch.days_since_presented[resting] < 30.0).all()
    another = stands == Standing.ANOTHER
    assert chosen.any(axis=1)[another.any(axis=1)].all()
    assert set(stands.ravel()) == set(Standing)


def test_who_gets_nothing_is_told_with_the_reason(world) -> None:
    problem, batch = world(3, count=3_000)
    found = allocate(lambda: [batch], problem=problem)

    told = dict(left_with_nothing(lambda: [batch], rule=found.rule))

    chosen = found.rule.choose(batch)
    assert set(told) == set(batch.customer_ids[~chosen.any(axis=1)].tolist())
    for why in Nothing:
        assert found.nothing[why] == list(told.values()).count(why)
    asked = set(batch.customer_ids[batch.asked_not_to].tolist())
    assert {customer for customer, why in told.items() if why is Nothing.ASKED_NOT_TO} == asked


def test_each_reason_for_nothing_is_told_apart(world) -> None:
    problem, batch = world(4, count=6, floors=False)
    value = np.tile([[5.0, -1.0, -1.0, -1.0]], (6, 1))
    value[4] = -1.0
    batch = replace(
        batch,
        added_value=value,
        eligible=np.array([[True] * 4] * 2 + [[False] * 4] + [[True] * 4] * 3),
        relevant=np.ones((6, 4), dtype=bool),
        asked_not_to=np.array([True, False, False, False, False, False]),
        presented=np.array([0.0, 0.0, 0.0, 9.0, 0.0, 0.0]),
        days_since_presented=np.full((6, 4), np.inf),
    )
    chosen = np.zeros((6, 4), dtype=bool)
    chosen[5, 0] = True

    why = why_nothing(prepare(batch, problem=problem), chosen=chosen)

    assert [NOTHINGS[number] for number in why[:5]] == [
        Nothing.ASKED_NOT_TO,
        Nothing.PRICED_OUT,
        Nothing.NOT_ELIGIBLE,
        Nothing.SEEN_ENOUGH,
        Nothing.NOTHING_RELEVANT,
    ]
    assert why[5] == -1


def test_a_draw_depends_on_the_id_alone_and_spreads_evenly() -> None:
    ids = np.array([f"c{number}" for number in range(100_000)])

    found = draws(ids)

    assert draws(ids.astype("<U40"))[:5].tolist() == found[:5].tolist()
    assert draws(ids[7:8])[0] == found[7]
    counts = np.bincount((found >> np.uint64(59)).astype(int), minlength=32)
    assert abs(counts - 3_125).max() < 5 * 3_125**0.5
    assert len(np.unique(found)) == len(found)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"contacts": np.full(20, -1.0)}, "contacts"),
        ({"contacts": np.full(20, np.nan)}, "contacts"),
        ({"accept": np.zeros((20, 3))}, "accept of shape"),
        ({"added_value": np.full((20, 4), np.nan)}, "no finite number"),
        ({"presented": None}, "how many there were"),
        ({"days_since_presented": None}, "when they were presented"),
    ],
)
def test_a_batch_that_is_not_as_declared_is_refused(change, told, world) -> None:
    problem, batch = world(5, count=20)

    with pytest.raises(BatchError, match=told):
        allocate(lambda: [replace(batch, **change)], problem=problem)


def test_no_customers_are_refused(world) -> None:
    problem, batch = world(6, count=5)

    with pytest.raises(BatchError, match="no customers"):
        allocate(lambda: [batch.take(np.array([], dtype=np.intp))], problem=problem)


def test_the_documented_example_runs(root, capsys) -> None:
    page = (root / "docs" / "allocation.md").read_text()

    exec(page.split("```python\n")[1].split("```")[0], {})

    assert "is worth 4.17" in capsys.readouterr().out
