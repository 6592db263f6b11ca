"""Where a workspace may hold something of a person: its files, by what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from features.erased import FOLDER
from models.artefacts import CONTENTS
from models.model_set import MANIFEST
from pipelines.erasing import parquet_files, sqlite_files
from pipelines.erasing.array_files import is_arrays
from pipelines.erasing.csv_files import is_csv
from pipelines.erasing.plain_files import is_text

# Written by people, or sealed by digests (as are the files by which a model set answers, where
# names of features stand): never altered, only told of.
_KEPT_ENDINGS = (".toml", ".key")
_KEPT_NAMES = ("ledger.jsonl", "states.jsonl")
_JOURNALS = ("-wal", "-shm", "-journal")


class FileKind(Enum):
    """What a file is, by its first bytes."""

    PARQUET = "Parquet"
    SQLITE = "SQLite"
    ARRAYS = "arrays"
    CSV = "CSV"
    TEXT = "text"
    KEPT = "kept as it is"
    OTHER = "other"


def kind_of(path: Path) -> FileKind:
    """Return what the file is."""
    with path.open("rb") as file:
        begin = file.read(len(sqlite_files.MAGIC))
    if begin.startswith(parquet_files.MAGIC):
        return FileKind.PARQUET
    if begin == sqlite_files.MAGIC:
        return FileKind.SQLITE
    if is_arrays(path):
        return FileKind.ARRAYS
    if is_csv(path):
        return FileKind.CSV
    if path.suffix in _KEPT_ENDINGS or path.name in _KEPT_NAMES or _answers(path):
        return FileKind.KEPT
    return FileKind.TEXT if is_text(path) else FileKind.OTHER


def _answers(path: Path) -> bool:
    """Return whether a model set answers by the file."""
    for folder in (path.parent, path.parent.parent):
        try:
            listed = json.loads((folder / CONTENTS).read_bytes())
        except (OSError, ValueError):
            continue
        return path.relative_to(folder).as_posix() in {CONTENTS, MANIFEST, *listed}
    return False


def files_of(home: Path) -> Iterator[Path]:
    """Yield every file below a folder but the tombstones, and SQLite's own beside its files."""
    for path in sorted(home.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.is_relative_to(home / FOLDER):
            continue
        if any(path.name.endswith(f"{ending}{last}") for ending in ("sqlite", "db")
               for last in _JOURNALS):  # fmt: skip
            continue
        yield path
