"""Either level of demographics, on the same judged contacts, at every share."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.demographics_compared import SHARES, compare_demographics
from pipelines.insurer import generate
from tests.models.labelled_world import SETTINGS

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


def test_both_levels_stand_side_by_side_at_every_share(tmp_path: Path) -> None:
    tables = generate(tmp_path / "tables", customers=6_000, seed=11, until=NOVEMBER)
    settings = replace(SETTINGS, fewest_positives=20)
    found = compare_demographics(tables, as_of=NOVEMBER, settings=settings)
    accept = [row for row in found if row.signal == "accept"]
    assert [row.share for row in accept] == list(SHARES)
    for row in accept:
        for value, low, high in (row.individual, row.postcode, row.gain):
            assert low <= value <= high
        assert row.gain[0] == pytest.approx(row.individual[0] - row.postcode[0])
        assert row.individual[0] >= row.share - 0.15
    captured = [row.individual[0] for row in accept]
    assert captured == sorted(captured)
