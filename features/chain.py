"""Lines that follow from one another: a file that grows, and whose every edit shows.

Each line is a JSON object whose `before` is the SHA-256 of the line before it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.errors import FeatureError

NOTHING_BEFORE = "0" * 64


class ChainBrokenError(FeatureError):
    """A line is not the one that was written, or does not follow from the one before."""

    status = 409


def digest_of(line: str) -> str:
    """Return the SHA-256 of a line, 64 hexadecimal digits."""
    return hashlib.sha256(line.encode()).hexdigest()


def append(path: Path, entry: Mapping[str, object]) -> str:
    """Add a line, safely on disk when this returns; return its digest.

    A last line that a power cut broke off was never acknowledged: it is taken away first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _mend_end(path)
    written = whole_lines(path)
    before = digest_of(written[-1]) if written else NOTHING_BEFORE
    line = json.dumps({**entry, "before": before})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return digest_of(line)


def entries(path: Path, *, unchained_start: bool = False) -> list[dict[str, Any]]:
    """Return every line's object, oldest first; an absent file has none.

    With `unchained_start` the first lines may lack `before`, and a line that is no JSON counts
    for nothing: so were files of earlier versions.

    Raises:
        ChainBrokenError: a line was changed, damaged, taken out or moved.
    """
    found: list[dict[str, Any]] = []
    last = NOTHING_BEFORE
    for place, line in enumerate(_lines(path), start=1):
        entry = _object(line)
        if entry is None:
            if unchained_start:
                continue
            raise _broken(path, place)
        before = entry.get("before")
        chained = bool(found) and found[-1].get("before") is not None
        missing_may_be = unchained_start and before is None and not chained
        if before != last and not missing_may_be:
            raise _broken(path, place)
        found.append(entry)
        last = digest_of(line)
    return found


def whole_lines(path: Path) -> list[str]:
    """Return the lines that are JSON objects, whether or not they follow from one another."""
    return [line for line in _lines(path) if _object(line) is not None]


def _broken(path: Path, place: int) -> ChainBrokenError:
    return ChainBrokenError(
        f"Line {place} of {path} does not follow from the one before it: the file was edited.",
        fix="Put the file back from a backup.",
    )


def _lines(path: Path) -> list[str]:
    """Return the lines; a last one that was broken off counts for nothing."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    # By line feeds alone: other separators may stand in a text.
    *ended, rest = text.split("\n")
    tail = [rest] if _object(rest) is not None else []
    return [line for line in (*ended, *tail) if line.strip()]


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _mend_end(path: Path) -> None:
    """Let the file end with a whole line: take away a broken one, or end one that is whole."""
    content = path.read_bytes() if path.exists() else b""
    if not content or content.endswith(b"\n"):
        return
    tail = content[content.rfind(b"\n") + 1 :]
    with path.open("r+b") as file:
        if _object(tail.decode("utf-8", "replace")) is None:
            file.truncate(len(content) - len(tail))
        else:
            file.seek(0, os.SEEK_END)
            file.write(b"\n")
        file.flush()
        os.fsync(file.fileno())
