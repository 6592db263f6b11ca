"""Losses of an order: free of levels, and upright where they must be."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates.contract import Rows
from models.ordering import ordering_losses
from models.signals import Task


@pytest.fixture(params=list(Task), ids=str)
def task(request: pytest.FixtureRequest) -> Task:
    return request.param


def held(task: Task) -> tuple[Rows, np.ndarray]:
    rng = np.random.default_rng(0)
    score = rng.normal(size=2000)
    label = score + rng.normal(size=2000)
    if task is Task.PROBABILITY:
        label = (label > 0).astype(np.float64)
    none = np.zeros((2000, 1), dtype=np.float32)
    rows = Rows(none, np.full(2000, -1), 0, label, np.ones(2000), np.arange(2000))
    return rows, score


def mean(rows: Rows, score: np.ndarray, *, task: Task, upright: bool = False) -> float:
    return float(ordering_losses(score, rows, task=task, upright=upright).mean())


def test_a_line_through_the_score_counts_for_nothing(task: Task) -> None:
    rows, score = held(task)
    assert mean(rows, score, task=task) == pytest.approx(mean(rows, 3 * score, task=task))


def test_a_wrong_way_round_is_no_order_where_it_must_be_upright(task: Task) -> None:
    rows, score = held(task)
    nothing = mean(rows, np.zeros(2000), task=task)
    assert mean(rows, -score, task=task, upright=True) == pytest.approx(nothing)
    assert mean(rows, -score, task=task) == pytest.approx(mean(rows, score, task=task))
    assert mean(rows, score, task=task, upright=True) < nothing
