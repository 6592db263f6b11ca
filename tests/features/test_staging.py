"""A result appears whole or not at all, whatever ends the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from features.staging import staged_file, staged_folder

DEAD_PROCESS = 2**22 - 1  # above the usual pid_max of a small machine's running processes


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_staged_file_replaces_its_target_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    target.write_text("old")
    with staged_file(target) as staged:
        staged.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert names(tmp_path) == ["result.txt"]


def test_an_exception_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "world"
    target.mkdir()
    (target / "old").touch()

    def fail_half_way() -> None:
        with staged_folder(target) as staged:
            (staged / "half").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert names(tmp_path) == ["world"]
    assert names(target) == ["old"]


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "world"
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "from features.staging import staged_folder\n"
        "with staged_folder(Path(sys.argv[1])) as staged:\n"
        "    (staged / 'half').touch(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert len(names(tmp_path)) == 1
    with staged_folder(target) as staged:
        (staged / "whole").touch()
    assert names(tmp_path) == ["world"]
    assert names(target) == ["whole"]


def test_a_folder_moved_aside_by_a_killed_process_stands_again(tmp_path: Path) -> None:
    target = tmp_path / "world"
    aside = tmp_path / f".world.{DEAD_PROCESS}.old"
    aside.mkdir()
    (aside / "old").touch()

    def fail_at_once() -> None:
        with staged_folder(target):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_at_once()
    assert names(target) == ["old"]
