from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.candidates.contract import CandidateSettings
from models.errors import ModelSetNotFoundError
from models.uplift.base import BaseSettings
from models.uplift.effect_form import CompiledEffects, EffectForm, read_effects, write_effects
from models.uplift.learners.two import Two
from tests.uplift_world import WIDTH, world

BOOSTED = BaseSettings(candidate=CandidateSettings(rounds=(10, 20)), kinds=("boosted",))


def test_an_effect_read_again_answers_the_same(tmp_path: Path) -> None:
    rows = world(600, seed=1, offers=2).rows
    learner = Two(BOOSTED).fit(rows, rng=np.random.default_rng(0))
    parts = learner.forms(tmp_path, stem="uplift/lead")
    form = EffectForm(str(learner.name), learner.ranks_only, parts)
    write_effects(form, folder=tmp_path, stem="uplift/lead")
    again = read_effects(tmp_path, stem="uplift/lead")
    assert again == form
    compiled = CompiledEffects(again.parts, folder=tmp_path, width=WIDTH, offers=2, threads=1)
    assert np.abs(compiled.effects(rows.matrix) - learner.effects(rows.matrix)).max() < 1e-5


def test_an_effect_that_was_never_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelSetNotFoundError, match=r"no lead\.json"):
        read_effects(tmp_path, stem="uplift/lead")
