"""A model set is found by its version, by its folder, or as the one trained last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.errors import ModelSetNotFoundError
from pipelines.trained_sets import REGISTERED, folder_of, remember_version


def trained(home: Path, name: str, *, version: str, second: int) -> Path:
    folder = home / "models" / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    remember_version(folder, version=version)
    os.utime(folder / REGISTERED, (second, second))
    return folder


def test_without_a_name_the_set_trained_last_is_meant(tmp_path: Path) -> None:
    last = trained(tmp_path, "candidate-a", version="2", second=2_000)
    trained(tmp_path, "candidate-b", version="1", second=1_000)
    assert folder_of(tmp_path, name=None) == last


def test_the_folder_where_a_version_was_trained_comes_before_its_copy(tmp_path: Path) -> None:
    folder = trained(tmp_path, "candidate-a", version="1", second=1_000)
    copy = tmp_path / "models" / "1"
    copy.mkdir()
    (copy / "manifest.json").write_text("{}")
    assert folder_of(tmp_path, name="1") == folder
    assert folder_of(tmp_path, name=str(copy)) == copy


def test_a_version_that_was_promoted_elsewhere_is_its_copy(tmp_path: Path) -> None:
    copy = tmp_path / "models" / "7"
    copy.mkdir(parents=True)
    (copy / "manifest.json").write_text("{}")
    assert folder_of(tmp_path, name="7") == copy


def test_a_set_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelSetNotFoundError, match="no trained model set 9"):
        folder_of(tmp_path, name="9")
