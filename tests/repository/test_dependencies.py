"""Every direct dependency has its one line of reason; the locks hold hashes and no addresses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-serving.txt")


def declared(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    lists = [project["project"]["dependencies"]]
    lists += project["project"]["optional-dependencies"].values()
    lists += project["dependency-groups"].values()
    names = {re.split(r"[\[<>=;! ]", line)[0] for lines in lists for line in lines}
    return names - {"callworth"}


def test_each_dependency_has_a_line_of_reason(root: Path) -> None:
    page = (root / "docs" / "dependencies.md").read_text()
    reasoned = set(re.findall(r"^\| `([^`]+)` \| .{10,}", page, flags=re.MULTILINE))
    assert reasoned == declared(root)


def test_each_dependency_has_a_lower_bound(root: Path) -> None:
    text = (root / "pyproject.toml").read_text()
    unbounded = [name for name in declared(root) if not re.search(rf'"{name}(\[\w+\])?>=', text)]
    assert not unbounded


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_hashes_and_no_addresses(root: Path, lock: str) -> None:
    text = (root / lock).read_text()
    pinned = re.findall(r"^[\w.\-\[\]]+==", text, flags=re.MULTILINE)
    assert pinned
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text


def test_the_serving_lock_brings_nothing_that_learns(root: Path) -> None:
    text = (root / "requirements-serving.txt").read_text()
    for heavy in ("pandas", "scikit-learn", "xgboost", "mlflow", "feast", "duckdb", "pyarrow"):
        assert not re.search(rf"^{heavy}", text, flags=re.MULTILINE), heavy
