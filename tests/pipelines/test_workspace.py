"""The steps look from where the features were built, unless they are told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.errors import DataNotFoundError
from pipelines.workspace import Workspace

BUILT = datetime(2026, 3, 1, tzinfo=UTC)
TOLD = datetime(2026, 4, 1, tzinfo=UTC)


def test_later_steps_use_the_tables_and_the_instant_of_the_features(tmp_path: Path) -> None:
    space = Workspace(tmp_path / "home")
    space.remember(tables=tmp_path / "mine", as_of=BUILT)
    assert space.source(None) == tmp_path / "mine"
    assert space.as_of(tmp_path / "mine", None) == BUILT


def test_what_is_told_wins(tmp_path: Path) -> None:
    space = Workspace(tmp_path / "home")
    space.remember(tables=tmp_path / "mine", as_of=BUILT)
    assert space.source(tmp_path / "other") == tmp_path / "other"
    assert space.as_of(tmp_path / "other", TOLD) == TOLD


def test_a_generated_insurer_says_where_it_ends(tmp_path: Path) -> None:
    (tmp_path / "world.json").write_text('{"until": "2026-03-01T00:00:00Z"}')
    assert Workspace(tmp_path / "home").as_of(tmp_path, None) == BUILT


def test_tables_that_do_not_say_where_they_end_ask_for_the_instant(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="--as-of"):
        Workspace(tmp_path / "home").end_of_data(tmp_path, None)


def test_tables_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match="nothing at"):
        Workspace(tmp_path / "home").end_of_data(tmp_path / "absent", None)
