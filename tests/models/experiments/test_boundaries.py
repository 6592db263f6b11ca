from __future__ import annotations

import numpy as np
import pytest

from models.experiments.boundaries import boundaries, spending


def test_five_equal_looks_have_the_published_boundaries() -> None:
    # Lan-DeMets with O'Brien-Fleming spending, two-sided .05: Jennison and Turnbull, Group
    # Sequential Methods, 2000; the same in the R package gsDesign.
    found = [each.z for each in boundaries([0.2, 0.4, 0.6, 0.8, 1.0])]
    assert found == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=2e-4)


def test_one_look_is_the_usual_test() -> None:
    (only,) = boundaries([1.0])
    assert (only.z, only.level) == (pytest.approx(1.959964, abs=1e-6), pytest.approx(0.05))


def test_the_error_spent_rises_to_the_level() -> None:
    spent = [each.spent for each in boundaries([n / 28 for n in range(1, 29)])]
    assert spent == sorted(spent)
    assert spent[-1] == pytest.approx(0.05)
    assert spending(0.0) == 0.0


def test_paths_without_an_effect_leave_as_often_as_the_level_says() -> None:
    fractions = np.array([0.1, 0.3, 0.35, 0.8, 1.0])
    rng = np.random.default_rng(3)
    steps = rng.normal(size=(200_000, 5)) * np.sqrt(np.diff(fractions, prepend=0.0))
    z = np.cumsum(steps, axis=1) / np.sqrt(fractions)
    bars = np.array([each.z for each in boundaries(list(fractions))])
    assert (np.abs(z) >= bars).any(axis=1).mean() == pytest.approx(0.05, abs=0.002)
