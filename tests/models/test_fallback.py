"""A profile keeps its own model only where that model earns its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.model_set import Answer, read_manifest
from models.pairs import Pairs
from models.planning import Labelled
from tests.models.labelled_world import SETTINGS, labelled_world


def answers_of(world: Labelled, out: Path) -> dict[str, Answer]:
    assemble(world, out=out, settings=SETTINGS)
    return {a.profile: a for a in read_manifest(out).answers if a.signal == "accept"}


def leads_of(world: Labelled) -> Labelled:
    """The world with pairs of its leads alone: one effect for all of them."""
    chosen = np.flatnonzero(world.profile == "lead")
    pairs = {
        signal: Pairs(p.row[chosen], p.offer[chosen], p.label[chosen], p.weight[chosen])
        for signal, p in world.pairs.items()
    }
    return replace(world, pairs=pairs)


def test_profiles_with_effects_of_their_own_keep_their_models(tmp_path: Path) -> None:
    found = answers_of(labelled_world(), tmp_path / "set")
    assert {profile: a.uses for profile, a in found.items() if profile != "all"} == {
        "lead": "lead",
        "purchaser": "purchaser",
    }


def test_a_profile_that_is_like_all_others_is_answered_by_all_profiles(tmp_path: Path) -> None:
    leads = leads_of(labelled_world(8000))
    small = np.arange(len(leads.ids)) % 12 == 0  # even rows are leads: a sixth of them
    only = replace(leads, profile=np.where(small, "small", "large"))
    found = answers_of(only, tmp_path / "set")
    assert found["small"].uses == "all"
    assert found["small"].why is not None
    assert "is above" in found["small"].why
    models = CompiledModelSet.load(tmp_path / "set")
    matrix, none = models.encode(only.columns), np.full(len(only.ids), -1)
    mine, unknown = (
        models.predict("accept", matrix, profile=np.full(len(only.ids), name), offer=none)
        for name in ("small", "never seen")
    )
    assert np.array_equal(mine, unknown)
