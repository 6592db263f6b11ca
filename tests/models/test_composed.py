"""Money composed of a sale's chance, its lapse and its gain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.candidates.composed import Composed
from models.candidates.contract import CandidateSettings, Name, Rows
from models.model_set import CalibrationForm, SignalForm, read_signal, write_json
from models.selection import elect
from models.signals import Task

SETTINGS = CandidateSettings(penalties=(0.1, 0.03, 0.01), trees=20, rounds=(20, 60))
GAIN, LOSS = 100.0, -40.0


def contacts(count: int, *, seed: int, sells: float = -1.0, lapses: bool = True) -> Rows:
    """Column 0 sells, column 1 lapses, column 2 makes a sale larger."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 5)).astype(np.float32)
    sold = rng.random(count) < 1 / (1 + np.exp(-(sells + 1.5 * matrix[:, 0])))
    lapsed = lapses & (rng.random(count) < 1 / (1 + np.exp(1 - 1.5 * matrix[:, 1])))
    gain = GAIN + 20 * matrix[:, 2] + rng.normal(0, 10, count)
    label = np.where(sold, np.where(lapsed, LOSS, gain), 0.0)
    return Rows(matrix, np.zeros(count, dtype=np.intp), 1, label, np.ones(count), np.arange(count))


def fitted(rows: Rows) -> Composed:
    return Composed(SETTINGS).fit(rows, held=replace(rows))


def test_predicted_money_is_that_of_life_in_every_tenth() -> None:
    composed, fresh = fitted(contacts(8000, seed=1)), contacts(20_000, seed=2)
    predicted = composed.score(fresh)
    tenth = np.argsort(np.argsort(predicted)) * 10 // len(predicted)
    for each in range(10):
        rows = tenth == each
        error = fresh.label[rows].std() / np.sqrt(rows.sum())
        assert abs(predicted[rows].mean() - fresh.label[rows].mean()) < 4 * error + 2.0


def test_where_money_is_made_of_parts_the_composition_is_elected() -> None:
    rows = contacts(9000, seed=3)
    order = np.arange(len(rows))
    won = elect(
        rows.take(order < 6000), rows.take(order >= 6000), task=Task.AMOUNT, settings=SETTINGS
    )
    assert won.champion is Name.COMPOSED


def test_a_sale_that_nobody_lapses_is_worth_its_gain() -> None:
    composed = fitted(contacts(4000, seed=4, lapses=False))
    sure = contacts(2000, seed=5, sells=30.0, lapses=False)
    certain = replace(
        sure, matrix=np.where(np.arange(5) == 0, 20.0, sure.matrix).astype(np.float32)
    )
    assert composed.score(certain).mean() == pytest.approx(GAIN, rel=0.05)


def test_rows_without_a_sale_are_worth_nothing() -> None:
    nothing = replace(contacts(500, seed=6), label=np.zeros(500))
    assert np.abs(fitted(nothing).score(nothing)).max() < 1e-6


def test_the_form_is_read_as_it_was_written(tmp_path: Path) -> None:
    composed = fitted(contacts(2000, seed=7))
    form = SignalForm(
        "amount", "composed", composed.forms(tmp_path, stem="v"), (1.0,), 0.0, CalibrationForm()
    )
    write_json(tmp_path / "value.json", form)
    assert read_signal(tmp_path / "value.json") == form
