"""Whether a person's marks lie in a file's bytes, without the file in memory."""

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
