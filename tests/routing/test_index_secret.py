"""The secret by which keys are made: one a folder, for its owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from routing.index_secret import SECRET_FILE, fingerprint, read_secret, secret_of


def test_a_folder_has_one_secret_for_its_owner_alone(tmp_path: Path) -> None:
    secret = secret_of(tmp_path)
    assert secret_of(tmp_path) == read_secret(tmp_path) == secret
    assert stat.S_IMODE((tmp_path / SECRET_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


def test_two_folders_have_two_secrets(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    first, second = (secret_of(folder) for folder in folders)
    assert first != second
    assert fingerprint(first) != fingerprint(second)
    assert first.hex() not in fingerprint(first)


def test_writers_that_start_together_take_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: secret_of(tmp_path), range(64)))
    assert len(found) == 1
