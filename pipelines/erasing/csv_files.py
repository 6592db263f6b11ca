"""A CSV file without a person: their rows are dropped, and cells that name them emptied."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, BinaryIO, cast

from features.staging import staged_file
from pipelines.erasing.person import Person

ENDINGS = (".csv", ".csv.gz")
_DELIMITERS = ",;\t|"


def is_csv(path: Path) -> bool:
    """Return whether the file's name says that it is CSV."""
    return path.name.endswith(ENDINGS)


def erase_csv(path: Path, person: Person) -> int:
    """Write the file anew without the person, where it holds something; returns what went."""
    if not any(True for _ in csv_rows(path, person)):
        return 0
    touched = 0
    with staged_file(path) as staged:
        with _opened(path, "r") as lines, _opened(staged, "w", like=path) as target:
            delimiter = _delimiter(lines)
            rows = csv.reader(lines, delimiter=delimiter)
            written = csv.writer(target, delimiter=delimiter, lineterminator="\n")
            header = next(rows, [])
            written.writerow(header)
            for row in rows:
                if _is_own(row, header, person):
                    touched += 1
                    continue
                kept = ["" if person.finder.in_text(cell) else cell for cell in row]
                touched += sum(new != old for new, old in zip(kept, row, strict=True))
                written.writerow(kept)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
    return touched


def csv_rows(path: Path, person: Person) -> Iterator[dict[str, object]]:
    """Yield the person's rows, and those in which a cell names the person."""
    with _opened(path, "r") as lines:
        rows = csv.reader(lines, delimiter=_delimiter(lines))
        header = next(rows, [])
        for row in rows:
            if _is_own(row, header, person) or any(map(person.finder.in_text, row)):
                yield dict(zip(header, row, strict=False))


def _is_own(row: list[str], header: list[str], person: Person) -> bool:
    cells = dict(zip(header, row, strict=False))
    if cells.get("customer_id", "").strip() == person.customer_id:
        return True
    return cells.get("contact_id", "").strip() in person.contacts


def _delimiter(lines: IO[str]) -> str:
    """Return what parts the columns of the header, and go back to the beginning."""
    header = lines.readline()
    lines.seek(0)
    return max(_DELIMITERS, key=header.count)


@contextmanager
def _opened(path: Path, mode: str, *, like: Path | None = None) -> Iterator[IO[str]]:
    packed = (like or path).name.endswith(".gz")
    binary = gzip.GzipFile(path, f"{mode}b") if packed else path.open(f"{mode}b")
    with TextIOWrapper(
        cast(BinaryIO, binary), encoding="utf-8", errors="surrogateescape", newline=""
    ) as text:
        yield text
