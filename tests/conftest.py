"""Where things lie, for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


# Folders whose files share what is dear to make: they stay in one process.
_TOGETHER = ("tests/behaviour", "tests/serving/pages")


@pytest.hookimpl(tryfirst=True)  # the runner reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, or of such a folder, in one process (`--dist loadgroup`)."""
    for item in items:
        name = item.path.relative_to(ROOT).as_posix()
        group = next((folder for folder in _TOGETHER if name.startswith(folder)), name)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the public data sets are not at {folder}")
    return folder
