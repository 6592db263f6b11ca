from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.signals import Task
from models.uplift.effects import LogError
from models.uplift.presented import PresentedRows
from tests.uplift_world import world


@pytest.fixture
def rows() -> PresentedRows:
    return world(60, seed=1, offers=2, some_eligible=True).rows


def test_the_probability_of_what_was_done_is_told(rows: PresentedRows) -> None:
    for row in range(10):
        assert rows.taken[row] == rows.propensity[row, rows.action[row] + 1]


def test_only_what_could_have_gone_either_way_is_comparable(rows: PresentedRows) -> None:
    assert np.array_equal(rows.comparable, rows.eligible)
    propensity = rows.propensity.copy()
    nothing = rows.action < 0
    propensity[nothing] = np.array([1.0, 0.0, 0.0])
    certain = replace(rows, propensity=propensity)
    assert not certain.comparable[nothing].any()


def test_chosen_contacts_keep_their_own_values(rows: PresentedRows) -> None:
    few = rows.take(np.array([3, 1]))
    assert len(few) == 2
    assert few.outcome[0] == rows.outcome[3]
    assert np.array_equal(few.propensity[1], rows.propensity[1])


def test_zero_and_one_are_events_and_all_else_is_money(rows: PresentedRows) -> None:
    assert rows.task is Task.PROBABILITY
    assert replace(rows, outcome=rows.outcome * 2.5).task is Task.AMOUNT


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: {"outcome": r.outcome[:-1]}, "differ in length"),
        (lambda r: {"action": np.full(len(r), 2)}, "outside -1"),
        (lambda r: {"action": np.ones(len(r), dtype=np.intp)}, "not eligible"),
        (lambda r: {"propensity": r.propensity * 0.9}, "do not add up to 1"),
        (lambda r: {"propensity": r.propensity[:, :2]}, "probabilities of 1 offers"),
        (lambda r: {"outcome": np.full(len(r), np.nan)}, "no finite number"),
        (
            lambda r: {"propensity": np.tile([0.2, 0.4, 0.4], (len(r), 1))},
            "was not eligible",
        ),
        (
            lambda r: {
                "propensity": np.tile([0.0, 1.0, 0.0], (len(r), 1)),
                "action": np.full(len(r), -1),
            },
            "had probability 0",
        ),
    ],
)
def test_what_could_not_have_been_logged_is_refused(
    rows: PresentedRows, change: object, said: str
) -> None:
    with pytest.raises(LogError, match=said):
        replace(rows, **change(rows))  # type: ignore[operator]
