"""One contract for every candidate: whoever is listed in models.selection runs every check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.candidates.combined import Combined
from models.candidates.contract import Candidate, CandidateSettings, Name, Rows
from models.link import sigmoid
from models.model_set import CalibrationForm, SignalForm
from models.scorers import CompiledSignal
from models.selection import STANDING_ALONE, standing
from models.signals import Task

CANDIDATES = (*STANDING_ALONE, Combined)
# Each candidate with each task that it stands for.
ENTRIES = [(kind, task) for task in Task for kind in (*standing(task), Combined)]
WIDTH, OFFERS = 8, 3
SETTINGS = CandidateSettings(trees=15, tree_depth=5, rounds=(5, 15, 30))


def rows(count: int, *, seed: int, task: Task = Task.PROBABILITY) -> Rows:
    """Two columns matter, a third for offer 2 alone; the rest is noise."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, WIDTH)).astype(np.float32)
    offer = rng.integers(0, OFFERS, count)
    score = matrix[:, 0] - matrix[:, 1] + np.where(offer == 2, 2 * matrix[:, 2], 0) - 1
    if task is Task.AMOUNT:
        label = score + rng.normal(size=count)
    else:
        label = (rng.random(count) < 1 / (1 + np.exp(-score))).astype(np.float64)
    return Rows(matrix, offer, OFFERS, label.astype(np.float64), np.ones(count), np.arange(count))


@pytest.fixture(params=ENTRIES, ids=lambda entry: f"{entry[0].name}-{entry[1]}")
def entry(request: pytest.FixtureRequest) -> tuple[type[Candidate], Task]:
    return request.param


@pytest.fixture
def kind(entry: tuple[type[Candidate], Task]) -> type[Candidate]:
    return entry[0]


@pytest.fixture
def task(entry: tuple[type[Candidate], Task]) -> Task:
    return entry[1]


def fitted(kind: type[Candidate], task: Task) -> Candidate:
    train, held = rows(1200, seed=1, task=task), rows(500, seed=2, task=task)
    return kind(SETTINGS, task=task).fit(train, held=held)


def test_every_name_has_a_candidate() -> None:
    assert {kind.name for kind in CANDIDATES} == set(Name)


def test_scores_order_unseen_rows(kind: type[Candidate], task: Task) -> None:
    fresh = rows(800, seed=3, task=task)
    score = fitted(kind, task).score(fresh)
    assert score.shape == (800,)
    assert np.isfinite(score).all()
    assert np.corrcoef(score, fresh.label)[0, 1] > 0.3


@pytest.mark.parametrize("kind", (*standing(Task.PROBABILITY), Combined), ids=lambda k: k.name)
def test_probabilities_lie_between_0_and_1(kind: type[Candidate]) -> None:
    probability = sigmoid(fitted(kind, Task.PROBABILITY).score(rows(300, seed=4)))
    assert probability.min() > 0
    assert probability.max() < 1


def test_the_same_seed_gives_the_same_scores(kind: type[Candidate], task: Task) -> None:
    fresh = rows(200, seed=5, task=task)
    assert np.array_equal(fitted(kind, task).score(fresh), fitted(kind, task).score(fresh))


def test_scoring_looks_at_no_label_and_changes_nothing(kind: type[Candidate], task: Task) -> None:
    candidate, fresh = fitted(kind, task), rows(200, seed=6, task=task)
    before = {name: repr(value) for name, value in vars(candidate).items()}
    first = candidate.score(fresh)
    again = candidate.score(replace(fresh, label=np.zeros(200)))
    assert np.array_equal(first, again)
    assert {name: repr(value) for name, value in vars(candidate).items()} == before


def test_an_offer_that_no_one_knows_is_scored_as_none(kind: type[Candidate], task: Task) -> None:
    fresh = replace(rows(50, seed=7, task=task), offer=np.full(50, -1))
    assert np.isfinite(fitted(kind, task).score(fresh)).all()


def test_a_refit_is_a_new_candidate(kind: type[Candidate], task: Task) -> None:
    candidate, fresh = fitted(kind, task), rows(200, seed=8, task=task)
    before = candidate.score(fresh)
    again = candidate.refitted(rows(1500, seed=9, task=task))
    assert again is not candidate
    assert np.array_equal(candidate.score(fresh), before)
    assert not np.array_equal(again.score(fresh), before)


def test_the_compiled_form_gives_the_same_scores(
    kind: type[Candidate], task: Task, tmp_path: Path
) -> None:
    candidate, fresh = fitted(kind, task), rows(400, seed=10, task=task)
    weights, shift = candidate.weights()
    form = SignalForm(
        task=task,
        champion=kind.name,
        parts=candidate.forms(tmp_path, stem="signal/profile"),
        weights=weights,
        shift=shift,
        calibration=CalibrationForm(),
    )
    compiled = CompiledSignal(form, folder=tmp_path, width=WIDTH, offers=OFFERS, threads=1)
    found = compiled.predict(fresh.matrix, fresh.offer)
    score = candidate.score(fresh)
    expected = sigmoid(score) if task is Task.PROBABILITY else score
    assert np.abs(found - expected).max() < 1e-5
    assert not list(tmp_path.rglob("*.pkl"))
