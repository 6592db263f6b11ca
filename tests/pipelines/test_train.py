"""Training from real tables: each training has its own folder and its own feature service."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features import store
from features.frame import build_training
from pipelines.insurer import generate
from pipelines.train import Challenger, train_challenger
from tests.models.labelled_world import SETTINGS

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a model set."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_another_seed_leaves_the_model_set_and_service_before_it_as_they_were(
    tmp_path: Path,
) -> None:
    tables = generate(tmp_path / "tables", customers=1_500, seed=11, until=NOVEMBER)
    build_training(tables, home=tmp_path, as_of=NOVEMBER)

    def trained(seed: int) -> Challenger:
        return train_challenger(
            tmp_path, tables=tables, as_of=NOVEMBER, settings=replace(SETTINGS, seed=seed)
        )

    first = trained(0)
    before = contents(first.folder)
    second = trained(1)
    assert second.folder != first.folder
    assert contents(first.folder) == before
    assert set(store.services(tmp_path)) == {first.feature_service, second.feature_service}
    assert first.feature_service.endswith(first.folder.name)
