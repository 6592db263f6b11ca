"""One contract for every uplift learner: whoever is listed runs every check."""

from __future__ import annotations

import inspect
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import models.uplift.learners
from models.candidates.contract import CandidateSettings
from models.uplift.base import BaseSettings
from models.uplift.effect_form import CompiledEffects
from models.uplift.learners.contract import Learner, Name
from models.uplift.learners.listed import LEARNERS
from models.uplift.outcomes import cross_fit_outcomes
from models.uplift.presented import PresentedRows
from tests.uplift_world import WIDTH, World, world

QUICK = CandidateSettings(rounds=(20, 40, 80), penalties=(0.03, 0.01))
SETTINGS = BaseSettings(candidate=QUICK)
# One kind of base each, so that both compiled forms are compared whichever wins an election.
ONE_KIND = {
    "linear": replace(SETTINGS, kinds=("linear",), effect_kinds=("ridge",)),
    "lasso": replace(SETTINGS, kinds=("linear",), effect_kinds=("linear",)),
    "boosted": replace(SETTINGS, kinds=("boosted",), effect_kinds=("boosted",)),
}


@pytest.fixture(params=LEARNERS, ids=lambda kind: str(kind.name))
def kind(request: pytest.FixtureRequest) -> type[Learner]:
    return request.param


def fitted(
    kind: type[Learner], rows: PresentedRows, settings: BaseSettings = SETTINGS, seed: int = 0
) -> Learner:
    return kind(settings).fit(rows, rng=np.random.default_rng(seed))


def agreement(learner: Learner, fresh: World, offer: int = 0) -> float:
    """Return the correlation of predicted and true effects."""
    found = learner.effects(fresh.rows.matrix)[:, offer]
    return float(np.corrcoef(found, fresh.effects[:, offer])[0, 1])


def test_every_file_with_a_learner_is_listed() -> None:
    folder = Path(models.uplift.learners.__file__).parent
    found = set()
    for path in folder.glob("*.py"):
        module = import_module(f"models.uplift.learners.{path.stem}")
        for _, each in inspect.getmembers(module, inspect.isclass):
            if each.__module__ == module.__name__ and isinstance(getattr(each, "name", 0), Name):
                found.add(each)
    assert found == set(LEARNERS)
    assert [each.name for each in LEARNERS] == list(Name)


def test_a_planted_effect_is_ranked(kind: type[Learner]) -> None:
    learner = fitted(kind, world(4000, seed=1).rows)
    assert agreement(learner, world(2000, seed=2)) > 0.6


def test_an_effect_in_money_is_ranked(kind: type[Learner]) -> None:
    learner = fitted(kind, world(4000, seed=3, money=True).rows)
    assert agreement(learner, world(2000, seed=4, money=True)) > 0.6


def test_effects_have_the_size_that_was_planted(kind: type[Learner]) -> None:
    fresh = world(2000, seed=5)
    found = fitted(kind, world(6000, seed=6).rows).effects(fresh.rows.matrix)
    far = abs(float(found.mean() - fresh.effects.mean()))
    if kind.ranks_only:
        assert far > 0.1
    else:
        assert far < 0.04


def test_no_effect_gives_about_nothing(kind: type[Learner]) -> None:
    found = fitted(kind, world(6000, seed=7, size=0.0).rows).effects(
        world(1000, seed=8).rows.matrix
    )
    if kind.ranks_only:
        assert found.mean() > 0.1
    else:
        assert abs(found.mean()) < 0.04
        assert found.std() < 0.06


def test_each_of_several_offers_has_its_own_order(kind: type[Learner]) -> None:
    learner = fitted(kind, world(6000, seed=9, offers=3).rows)
    fresh = world(2000, seed=10, offers=3)
    assert learner.effects(fresh.rows.matrix).shape == (2000, 3)
    assert min(agreement(learner, fresh, offer) for offer in range(3)) > 0.4


def test_offers_presented_more_to_the_keen_are_not_flattered(kind: type[Learner]) -> None:
    rows = world(6000, seed=11, uneven=True).rows
    fresh = world(2000, seed=12)
    learner = fitted(kind, rows)
    assert agreement(learner, fresh) > 0.6
    if not kind.ranks_only:
        assert abs(float((learner.effects(fresh.rows.matrix) - fresh.effects).mean())) < 0.07


def test_those_who_are_not_eligible_say_nothing_of_an_offer(kind: type[Learner]) -> None:
    learner = fitted(kind, world(6000, seed=13, offers=2, some_eligible=True).rows)
    fresh = world(3000, seed=14, offers=2, some_eligible=True)
    may = fresh.rows.eligible[:, 1]
    found, true = learner.effects(fresh.rows.matrix)[may, 1], fresh.effects[may, 1]
    assert np.corrcoef(found, true)[0, 1] > 0.5
    if not kind.ranks_only:
        # One model of all shrinks what is presented towards nothing; leaking would be 0.3.
        allowed = 0.1 if kind.name is Name.S else 0.06
        assert abs(float((found - true).mean())) < allowed


def test_the_same_seed_gives_the_same_effects(kind: type[Learner]) -> None:
    rows, fresh = world(1500, seed=15).rows, world(300, seed=16).rows.matrix
    assert np.array_equal(fitted(kind, rows).effects(fresh), fitted(kind, rows).effects(fresh))


def test_outcome_models_may_be_shared_between_learners(kind: type[Learner]) -> None:
    rows = world(1500, seed=17).rows
    shared = cross_fit_outcomes(rows, settings=SETTINGS, rng=np.random.default_rng(3))
    learner = kind(SETTINGS).fit(rows, rng=np.random.default_rng(4), outcomes=shared)
    assert np.isfinite(learner.effects(rows.matrix)).all()


def test_predicting_changes_nothing(kind: type[Learner]) -> None:
    learner, fresh = fitted(kind, world(1500, seed=18).rows), world(200, seed=19).rows.matrix
    before = {name: repr(value) for name, value in vars(learner).items()}
    first = learner.effects(fresh)
    learner.baseline(fresh)
    assert np.array_equal(first, learner.effects(fresh))
    assert {name: repr(value) for name, value in vars(learner).items()} == before


def test_a_baseline_is_what_comes_with_nothing(kind: type[Learner]) -> None:
    fresh = world(2000, seed=20)
    found = fitted(kind, world(6000, seed=21).rows).baseline(fresh.rows.matrix)
    if found is None:
        assert kind.ranks_only
    else:
        assert abs(float((found - fresh.baseline).mean())) < 0.03


def test_hardly_any_event_still_gives_an_answer(kind: type[Learner]) -> None:
    rows = world(400, seed=22).rows
    rare = replace(rows, outcome=(np.arange(400) % 130 == 0).astype(np.float64))
    assert np.isfinite(fitted(kind, rare).effects(rows.matrix)).all()


@pytest.mark.parametrize("base", ONE_KIND)
@pytest.mark.parametrize("money", [False, True], ids=["events", "money"])
def test_the_compiled_form_gives_the_same_effects(
    kind: type[Learner], base: str, money: bool, tmp_path: Path
) -> None:
    rows = world(1500, seed=23, offers=2, money=money).rows
    learner = fitted(kind, rows, ONE_KIND[base])
    parts = learner.forms(tmp_path, stem="uplift/profile")
    compiled = CompiledEffects(parts, folder=tmp_path, width=WIDTH, offers=2, threads=1)
    fresh = world(400, seed=24).rows.matrix
    scale = float(rows.outcome.std()) if money else 1.0
    assert np.abs(compiled.effects(fresh) - learner.effects(fresh)).max() / scale < 1e-5
    assert not list(tmp_path.rglob("*.pkl"))
