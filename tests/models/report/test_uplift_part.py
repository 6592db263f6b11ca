"""What the page and the card say of effects, and what MLflow is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models import runs
from models.assembly import assemble
from models.report.card import card
from models.report.reading import read_evidence
from models.report.uplift_part import RULES, uplift_part
from tests.models.logged_world import LOGGED_SETTINGS, logged_world


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("uplift") / "set"
    assemble(logged_world(3000)[0], out=out, settings=LOGGED_SETTINGS)
    return out


def test_the_part_says_who_answers_and_what_each_rule_earns(folder: Path) -> None:
    said = uplift_part(read_evidence(folder))
    assert "buyers per 1,000 contacts over all depths" in said
    for words in RULES.values():
        assert words.replace("'", "&#x27;") in said
    assert "tenth 10" in said


def test_a_set_without_effects_says_so(folder: Path) -> None:
    evidence = replace(read_evidence(folder), uplift=None)
    assert "acceptance less baseline" in uplift_part(evidence)
    assert "no other was compared" in card(evidence)


def test_the_card_has_the_money_per_profile(folder: Path) -> None:
    said = card(read_evidence(folder))
    assert "## What offers add" in said
    assert said.index("| purchaser |") > 0


def test_mlflow_is_told_what_the_rule_earns(folder: Path) -> None:
    metrics = runs.of_set(folder, feature_service="none").metrics
    assert metrics["uplift/all/money_added"] > 0
    assert "uplift/lead/advantage" in metrics
    assert "uplift/lead/ahead_of_own_models" in metrics
