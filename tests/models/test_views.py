"""Recent rows weigh more where callers have changed, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings, Rows
from models.origins import Origin
from models.signals import Task
from models.views import ALL, VIEWS, View, settle_view

SETTINGS = CandidateSettings(penalties=(0.1, 0.03))


def years(count: int, *, seed: int, changes_at: float = 2.0) -> Rows:
    """Rows in time order; what column 0 did, column 2 does from a share of the time on."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 4)).astype(np.float32)
    at = np.arange(count)
    effect = np.where(at < changes_at * count, matrix[:, 0], matrix[:, 2]) + 0.5 * matrix[:, 1]
    label = (rng.random(count) < 1 / (1 + np.exp(1 - effect))).astype(np.float64)
    return Rows(matrix, np.full(count, -1), 0, label, np.ones(count), at)


def origins(rows: Rows) -> list[Origin]:
    """Return two spans of an eighth each, one after the other, at the end of the rows."""
    step = len(rows) // 8
    return [
        Origin(rows.take(np.arange(cut)), rows.take(np.arange(cut, cut + step)))
        for cut in (len(rows) - 2 * step, len(rows) - step)
    ]


def view_of(rows: Rows) -> View:
    return settle_view(origins(rows), task=Task.PROBABILITY, settings=SETTINGS)


def test_a_planted_change_is_answered_by_the_recent_past() -> None:
    assert view_of(years(6000, seed=1, changes_at=0.45)) != ALL


def test_what_helped_at_one_origin_alone_is_not_trusted() -> None:
    rows = years(8000, seed=5, changes_at=0.4)
    last = origins(rows)[-1]
    before = Origin(last.fit, rows.take(np.arange(1000)))
    spans = [before, last, last, last]
    assert settle_view(spans, task=Task.PROBABILITY, settings=SETTINGS) == ALL


def test_without_a_change_all_of_the_past_is_kept() -> None:
    kept = sum(view_of(years(4000, seed=seed)) == ALL for seed in range(10))
    assert kept >= 9


def test_rows_without_time_or_too_few_of_them_have_one_view() -> None:
    rows = years(4000, seed=2, changes_at=0.45)
    still = Rows(
        rows.matrix, rows.offer, 0, rows.label, rows.weight, np.zeros(4000, dtype=np.int64)
    )
    assert settle_view([Origin(still, still)], task=Task.PROBABILITY, settings=SETTINGS) == ALL
    assert view_of(years(1000, seed=3, changes_at=0.45)) == ALL


@pytest.mark.parametrize("view", VIEWS)
def test_weights_keep_their_sum_and_windows_their_latest_rows(view: View) -> None:
    rows = years(1001, seed=4)
    seen = view.of(rows)
    assert seen.weight.mean() == pytest.approx(1.0)
    assert seen.at.max() == rows.at.max()
    if view.half_life is not None:
        age = 1 - seen.at / seen.at.max()
        half = seen.weight[np.argmin(np.abs(age - view.half_life))]
        assert half == pytest.approx(seen.weight[-1] / 2, rel=0.01)
    if view.window is not None:
        assert len(seen) == pytest.approx(view.window * len(rows), abs=2)
