"""docs/data_contract.md says what features/contract.py says."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.contract import TABLES
from features.contract_text import reference_table


@pytest.mark.parametrize("name", TABLES)
def test_the_guide_shows_the_table_as_it_is(root: Path, name: str) -> None:
    guide = (root / "docs" / "data_contract.md").read_text(encoding="utf-8")
    assert f"## {name}\n" in guide
    shown = guide.split(f"## {name}\n")[1].split("\n## ")[0]
    assert reference_table(TABLES[name]) in shown, (
        f"docs/data_contract.md shows '{name}' differently; write:\n{reference_table(TABLES[name])}"
    )
