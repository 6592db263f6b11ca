"""The effects of a model set: elected per profile, on disk, proven, and told apart from its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.errors import ModelSetFormatError
from models.model_set import Manifest, read_json, read_manifest, stamp
from models.planning import Labelled
from models.settings import UpliftSettings
from tests.models.logged_world import LOGGED_SETTINGS, logged_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set whose lead profile has an election among learners alone, its own models aside."""
    labelled, _ = logged_world(rare=60)
    out = tmp_path_factory.mktemp("logged") / "candidate"
    assemble(labelled, out=out, settings=LOGGED_SETTINGS)
    return out


def answers(manifest: Manifest) -> dict[str, str]:
    return {each.profile: each.learner for each in manifest.effects}


def test_every_profile_says_who_answers_and_why(folder: Path) -> None:
    effects = {each.profile: each for each in read_manifest(folder).effects}
    assert set(effects) == {"lead", "purchaser", "prospect"}
    assert effects["prospect"].learner == "own"
    assert "fewer than 150" in effects["prospect"].found
    assert "buyers per 1,000 contacts" in effects["lead"].found


def test_effects_order_customers_as_the_truth_does(folder: Path) -> None:
    labelled, true = logged_world(rare=60)
    models = CompiledModelSet.load(folder)
    found = models.effects(models.encode(labelled.columns), profile=labelled.profile)
    assert found.shape == true.shape
    assert np.isfinite(found).all()
    assert np.corrcoef(found[:, 0], true[:, 0])[0, 1] > 0.6


def test_where_none_is_elected_the_sets_own_models_differ(folder: Path) -> None:
    models = CompiledModelSet.load(folder)
    labelled, _ = logged_world(40)
    matrix, profile = models.encode(labelled.columns), np.full(40, "prospect")
    assert np.isnan(models.elected_effects(matrix, profile=profile)).all()
    offer = np.ones(40, dtype=np.intp)
    accept, baseline = (
        models.predict(signal, matrix, profile=profile, offer=offer)
        for signal in ("accept", "baseline")
    )
    assert np.array_equal(models.effects(matrix, profile=profile)[:, 1], accept - baseline)


def test_a_set_of_an_earlier_version_answers_by_its_own_models(
    folder: Path, tmp_path: Path
) -> None:
    old = shutil.copytree(folder, tmp_path / "old")
    said = json.loads((old / "manifest.json").read_text())
    effects = said.pop("effects")
    contents = json.loads((old / "contents.json").read_text())
    for each in effects:
        for file in each["files"]:
            del contents[file]
    (old / "manifest.json").write_text(json.dumps(said))
    (old / "contents.json").write_text(json.dumps(contents))
    models = CompiledModelSet.load(old)
    matrix = models.encode(logged_world(40)[0].columns)
    profile = np.full(40, "lead")
    assert np.isnan(models.elected_effects(matrix, profile=profile)).all()
    assert np.isfinite(models.effects(matrix, profile=profile)).all()


def test_with_a_learner_alone_its_files_are_listed_and_an_altered_one_is_refused(
    tmp_path: Path,
) -> None:
    labelled, _ = logged_world(2400, size=0.4)
    settings = replace(LOGGED_SETTINGS, uplift=UpliftSettings(learners=("t",), fewest_rows=150))
    # Backwards acceptance: the set's own models cannot stand.
    manifest = assemble(_backwards(labelled), out=tmp_path / "set", settings=settings)
    assert answers(manifest) == {"lead": "t", "purchaser": "t"}
    stamp(tmp_path / "set", version="4")
    models = CompiledModelSet.load(tmp_path / "set")
    assert np.isfinite(
        models.elected_effects(models.encode(labelled.columns), profile=labelled.profile)
    ).all()
    part = tmp_path / "set" / "uplift" / "lead.0.json"
    part.write_text(part.read_text().replace("0", "1"))
    with pytest.raises(ModelSetFormatError, match=r"uplift/lead\.0\.json"):
        CompiledModelSet.load(tmp_path / "set")


def _backwards(labelled: Labelled) -> Labelled:
    """Return the contacts with the labels of acceptance turned around, and the log as it was."""
    pairs = {
        signal: replace(each, label=1.0 - each.label) if signal == "accept" else each
        for signal, each in labelled.pairs.items()
    }
    return replace(labelled, pairs=pairs)


def test_without_learners_no_election_is_held(tmp_path: Path) -> None:
    labelled, _ = logged_world(1500)
    settings = replace(LOGGED_SETTINGS, uplift=UpliftSettings(learners=()))
    manifest = assemble(labelled, out=tmp_path / "set", settings=settings)
    assert manifest.effects == ()


def test_where_no_offer_adds_anything_the_average_effect_answers_for_everybody(
    tmp_path: Path,
) -> None:
    labelled, _ = logged_world(1600, size=0.0, seed=5)
    manifest = assemble(labelled, out=tmp_path / "set", settings=LOGGED_SETTINGS)
    assert answers(manifest)["lead"] == "no_one"
    models = CompiledModelSet.load(tmp_path / "set")
    found = models.effects(models.encode(labelled.columns), profile=np.full(1600, "lead"))
    assert np.ptp(found, axis=0).max() == 0.0
    assert np.abs(found).max() < 0.1
    lead = next(r for r in read_json(tmp_path / "set" / "uplift.json") if r["profile"] == "lead")
    assert all(offer["slope"] is None for offer in lead["offers"])
