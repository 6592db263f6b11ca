"""The election: a simpler one wins a tie, dates win nothing, few rows get further fits."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings, Name, Rows
from models.model_set import CalibrationForm
from models.ordering import first_within_error, ordering_losses, time_blocks
from models.origins import PLENTY_OF_ROWS
from models.selection import champion_of, elect
from models.signals import Task


def test_the_simplest_within_the_error_wins() -> None:
    rng = np.random.default_rng(0)
    base = rng.random(1000)
    losses = {
        Name.BOOSTED: base - 0.001 + rng.normal(0, 0.1, 1000),
        Name.LINEAR: base,
        Name.FOREST: base + 0.2,
    }
    assert champion_of(losses, tolerance_errors=1.0) is Name.LINEAR
    losses[Name.BOOSTED] = base - 0.05
    assert champion_of(losses, tolerance_errors=1.0) is Name.BOOSTED


def test_the_first_of_equals_is_taken() -> None:
    assert first_within_error([np.ones(10), np.ones(10)]) == 0


def test_a_column_that_only_tells_the_date_orders_nobody() -> None:
    """The base rate rises in time: the date predicts it, and says nothing of the customers."""
    rng = np.random.default_rng(1)
    count = 4000
    at = np.arange(count)
    customer = rng.normal(size=count)
    rate = -2 + 2 * at / count + 0.8 * customer
    label = (rng.random(count) < 1 / (1 + np.exp(-rate))).astype(np.float64)
    held = Rows(
        np.zeros((count, 1), dtype=np.float32), np.full(count, -1), 0, label, np.ones(count), at
    )
    by_date = ordering_losses(at / count, held, task=Task.PROBABILITY).mean()
    by_customer = ordering_losses(customer, held, task=Task.PROBABILITY).mean()
    nothing = ordering_losses(np.zeros(count), held, task=Task.PROBABILITY).mean()
    assert by_customer < nothing - 0.02
    assert by_date > nothing - 0.002


def test_blocks_hold_equally_many_rows_that_follow_in_time() -> None:
    at = np.random.default_rng(2).permutation(1000)
    blocks = time_blocks(at)
    assert blocks.shape == (1000, 5)
    assert blocks.sum(axis=0).tolist() == [200.0] * 5
    assert at[blocks[:, 0] == 1].max() < at[blocks[:, 1] == 1].min()


def test_data_without_time_is_one_block() -> None:
    assert time_blocks(np.zeros(5000, dtype=np.int64)).shape == (5000, 1)


@pytest.mark.parametrize("held, further", [(PLENTY_OF_ROWS - 1, True), (PLENTY_OF_ROWS, False)])
def test_further_fits_calibrate_only_where_few_rows_are_held(
    held: int, further: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = CalibrationForm("sigmoid", 0.5, 0.25)
    monkeypatch.setattr("models.selection._refit_calibration", lambda *_, **__: told)
    settings = CandidateSettings(penalties=(0.1,), trees=2, tree_depth=2, rounds=(2,))
    won = elect(
        rows_of(1000),
        rows_of(held, start=1000),
        task=Task.PROBABILITY,
        settings=settings,
        origins=1,
    )
    assert (won.calibration == told) is further
    if not further:
        assert won.calibration == won.standings[won.champion].calibration


def rows_of(count: int, *, start: int = 0) -> Rows:
    rng = np.random.default_rng(count)
    matrix = rng.normal(size=(count, 3)).astype(np.float32)
    label = (rng.random(count) < 1 / (1 + np.exp(-matrix[:, 0]))).astype(np.float64)
    at = np.arange(start, start + count)
    return Rows(matrix, np.full(count, -1), 0, label, np.ones(count), at)
