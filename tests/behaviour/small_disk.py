"""A file system of two megabytes that a test may fill; only root can mount one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount it at a new folder; the test is skipped where that is not allowed."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root may mount the small disk that this test fills")
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left on a disk; return the file to delete for more."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as taken:
        try:
            while True:
                taken.write(b"\0" * 4096)
        except OSError:
            return filler
