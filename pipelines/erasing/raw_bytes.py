"""A person's marks among a file's bytes: whether they lie there, and overwriting them in place."""

from __future__ import annotations

import mmap
from pathlib import Path

from pipelines.erasing.marks import Finder


def lies_in(path: Path, finder: Finder) -> bool:
    """Return whether a mark lies anywhere in the bytes of the file."""
    if not path.stat().st_size:
        return False
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
    ):
        return finder.lies_in(mapped)


def erase_bytes(path: Path, finder: Finder) -> int:
    """Overwrite each mark in a file that nothing reads as what it was; returns how many."""
    if not path.stat().st_size:
        return 0
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        spans = finder.spans_anywhere(mapped)
        for start, end in spans:
            mapped[start:end] = b"x" * (end - start)
        mapped.flush()
    return len(spans)
