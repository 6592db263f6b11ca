"""Parts of labelled rows: by time they never overlap."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import TooFewRowsError
from models.signals import Task
from models.splits import Shares, balanced_folds, split_at_random, split_by_time


def test_a_split_by_time_has_no_overlap() -> None:
    at = np.random.default_rng(0).integers(0, 300, 2000)
    split = split_by_time(at, shares=Shares())
    assert at[split.fit].max() < at[split.select].min()
    assert at[split.select].max() < at[split.judge].min()
    assert len(split.fit) + len(split.select) + len(split.judge) == 2000
    assert len(split.fit) == pytest.approx(1400, abs=15)


def test_without_a_share_left_nothing_is_judged() -> None:
    split = split_by_time(np.arange(100), shares=Shares(fit=0.8, select=0.2))
    assert len(split.judge) == 0
    assert len(split.select) == 20


def test_a_random_split_holds_every_row_once() -> None:
    split = split_at_random(1000, shares=Shares(), rng=np.random.default_rng(1))
    parts = np.concatenate([split.fit, split.select, split.judge])
    assert sorted(parts.tolist()) == list(range(1000))


def test_no_row_or_one_instant_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(TooFewRowsError, match="reached an agent"):
        split_by_time(np.array([]), shares=Shares())
    with pytest.raises(TooFewRowsError, match="more than two instants"):
        split_by_time(np.zeros(50), shares=Shares())


def test_folds_spread_each_outcome_evenly() -> None:
    label = np.zeros(103)
    label[:7] = 1
    fold = balanced_folds(label, count=5, task=Task.PROBABILITY, rng=np.random.default_rng(1))
    assert np.bincount(fold[label == 1], minlength=5).tolist() == [2, 2, 1, 1, 1]
    assert set(np.bincount(fold[label == 0])) <= {19, 20}


def test_a_single_row_of_an_outcome_is_in_no_fold() -> None:
    label = np.array([1.0, *np.zeros(20)])
    fold = balanced_folds(label, count=3, task=Task.PROBABILITY, rng=np.random.default_rng(1))
    assert fold[0] == -1
    assert (fold[1:] >= 0).all()
