from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings, Rows
from models.scorers import CompiledSignal
from models.signals import Task
from models.uplift.base import BaseSettings, fit_base
from models.uplift.level import Level
from models.uplift.ridge import Ridge

WIDTH, OFFERS = 5, 2


def rows(count: int, *, seed: int, noise: float = 1.0) -> Rows:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, WIDTH)).astype(np.float32)
    offer = rng.integers(0, OFFERS, count)
    label = 2 + matrix[:, 0] - 3 * offer + matrix[:, 1] * offer + noise * rng.normal(size=count)
    return Rows(matrix, offer, OFFERS, label.astype(np.float64), np.ones(count), np.zeros(count))


def ridge() -> Ridge:
    return Ridge(CandidateSettings(), task=Task.AMOUNT)


def test_without_noise_the_ridge_finds_the_very_effects() -> None:
    made = ridge().fit(rows(3000, seed=1, noise=0.0), held=rows(500, seed=2, noise=0.0))
    fresh = rows(300, seed=3, noise=0.0)
    assert np.abs(made.score(fresh) - fresh.label).max() < 0.1


def test_noise_shrinks_the_ridge() -> None:
    quiet = ridge().fit(rows(300, seed=4, noise=0.1), held=rows(300, seed=5, noise=0.1))
    loud = ridge().fit(rows(300, seed=4, noise=30.0), held=rows(300, seed=5, noise=30.0))
    assert loud.penalty_ > quiet.penalty_


def test_weight_counts_rows_in_a_ridge() -> None:
    few = rows(200, seed=6)
    twice = few.take(np.r_[np.arange(200), np.arange(100)])
    weighted = replace(few, weight=np.where(np.arange(200) < 100, 2.0, 1.0))
    made = ridge().fit(few, held=few)
    assert np.allclose(made.refitted(twice).score(few), made.refitted(weighted).score(few))


def test_a_ridge_compiles_to_the_same_scores(tmp_path: Path) -> None:
    base = fit_base(
        rows(800, seed=7),
        customer=np.arange(800),
        task=Task.AMOUNT,
        settings=BaseSettings(),
        kinds=("ridge",),
        rng=np.random.default_rng(0),
    )
    fresh = rows(200, seed=8)
    form = base.form(tmp_path, stem="effect")
    compiled = CompiledSignal(form, folder=tmp_path, width=WIDTH, offers=OFFERS, threads=1)
    expected = base.predict(fresh.matrix, fresh.offer)
    assert np.allclose(compiled.predict(fresh.matrix, fresh.offer), expected, atol=1e-8)


@pytest.mark.parametrize("task", list(Task))
def test_too_few_labels_give_their_mean(task: Task) -> None:
    few = rows(50, seed=9)
    few = replace(few, label=(np.arange(50) % 10 == 0).astype(np.float64))
    base = fit_base(
        few,
        customer=np.arange(50),
        task=task,
        settings=BaseSettings(),
        kinds=("linear", "boosted"),
        rng=np.random.default_rng(0),
    )
    assert isinstance(base.candidate, Level)
    assert base.predict(few.matrix, few.offer) == pytest.approx(np.full(50, 0.1))


def test_the_simpler_kind_wins_between_equals() -> None:
    settings = BaseSettings(candidate=CandidateSettings(rounds=(10, 20)))
    base = fit_base(
        rows(600, seed=10, noise=50.0),
        customer=np.arange(600),
        task=Task.AMOUNT,
        settings=settings,
        kinds=("ridge", "boosted"),
        rng=np.random.default_rng(0),
    )
    assert base.candidate.name == "ridge"
