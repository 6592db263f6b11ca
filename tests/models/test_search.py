"""The search: defaults first, bounded, resumed where it stopped, the same for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings, Rows
from models.origins import Origin
from models.search import Searched, search
from models.signals import Task

# A forest of stumps and a crawling learning rate: defaults that can be beaten.
POOR = CandidateSettings(
    penalties=(0.1, 0.03), trees=10, tree_depth=2, rounds=(10, 20), learning_rate=0.015
)


def rows(count: int, *, seed: int) -> Rows:
    """Rows whose label is an interaction: only trees of some depth can tell it."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, 4)).astype(np.float32)
    score = 2.0 * np.sign(matrix[:, 0] * matrix[:, 1])
    label = (rng.random(count) < 1 / (1 + np.exp(-score))).astype(np.float64)
    return Rows(matrix, np.full(count, -1), 0, label, np.ones(count), np.arange(count))


def searched(folder: Path, *, trials: int, seconds: float = 60.0, **changed: Any) -> Searched:
    return search(
        [Origin(rows(1500, seed=1), rows(800, seed=2))],
        task=Task.PROBABILITY,
        settings=POOR,
        seconds=seconds,
        trials=trials,
        journal=folder / "search" / "journal.log",
        name="accept all",
        **changed,
    )


def test_what_is_found_beats_poor_defaults_and_says_so(tmp_path: Path) -> None:
    found = searched(tmp_path, trials=8)
    told = {row["candidate"]: row for row in found.told}
    assert told["boosted"]["best_loss"] < told["boosted"]["loss_of_defaults"]
    assert found.settings.learning_rate > POOR.learning_rate
    assert found.settings.seed == POOR.seed


def test_defaults_that_cannot_be_beaten_stay(tmp_path: Path) -> None:
    found = searched(tmp_path, trials=1)
    assert found.settings == POOR


def test_a_search_that_stopped_goes_on_and_a_finished_one_is_read(tmp_path: Path) -> None:
    counted: list[int] = []

    class Counting:
        def __call__(self, doing: str, *, total: int, unit: str) -> Counting:
            return self

        def __enter__(self) -> Any:
            return counted.append

        def __exit__(self, *_: object) -> None:
            return None

    searched(tmp_path, trials=2)
    whole = searched(tmp_path, trials=4, track=Counting())
    assert [row["trials"] for row in whole.told] == [4, 4, 4]
    # Two of each were there: what is counted at once is not done again.
    assert counted.count(2) == 3
    again = searched(tmp_path, trials=4)
    assert again == whole


def test_the_same_seed_gives_the_same_settings(tmp_path: Path) -> None:
    assert searched(tmp_path / "a", trials=4) == searched(tmp_path / "b", trials=4)


def test_seconds_bound_it_but_the_defaults_are_always_tried(tmp_path: Path) -> None:
    found = searched(tmp_path, trials=500, seconds=0.01)
    assert all(1 <= row["trials"] <= 3 for row in found.told)


@pytest.mark.parametrize("task", list(Task))
def test_amounts_are_searched_too(tmp_path: Path, task: Task) -> None:
    span = Origin(rows(600, seed=3), rows(300, seed=4))
    found = search(
        [span],
        task=task,
        settings=POOR,
        seconds=60.0,
        trials=2,
        journal=tmp_path / "journal.log",
        name="value all",
    )
    assert len(found.told) == 3
