"""The verbs `compare` and `page` on sets whose quality is known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models.errors import ModelSetNotFoundError
from pipelines.cli.reporting import compare, page
from pipelines.trained_sets import remember_version
from tests.models.conftest import MakeModelSet, frame, home, make_model_set

__all__ = ["frame", "home", "make_model_set"]


@pytest.fixture
def workspace(home: Path, make_model_set: MakeModelSet) -> Path:
    folder = home / "models" / "candidate-new"
    shutil.copytree(make_model_set("new"), folder)
    remember_version(folder, version="2")
    return home


def test_compare_prints_the_difference_as_json(
    workspace: Path,
    make_model_set: MakeModelSet,
    capsys: pytest.CaptureFixture[str],
) -> None:
    worse = make_model_set("old", slopes=dict.fromkeys(("all", "lead", "purchaser"), -0.4))
    compare("2", str(worse), home=workspace, as_json=True)
    found = json.loads(capsys.readouterr().out)["difference"]
    assert (found["new"], found["old"]) == ("new", "old")
    assert found["measures"][0]["gain"] > 0.1


def test_without_a_champion_compare_says_what_to_do(workspace: Path) -> None:
    with pytest.raises(ModelSetNotFoundError, match="no champion"):
        compare(None, None, home=workspace)


def test_the_page_is_written_again(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page(None, home=workspace, as_json=True)
    written = Path(json.loads(capsys.readouterr().out)["report"])
    assert written == workspace / "models" / "candidate-new" / "report.html"
    assert written.is_file()
