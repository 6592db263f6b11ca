"""Which model set is in force in a workspace, and who put it there: a pointer and a ledger.

HOME/models/current.json   {"version", "folder", "since"}, replaced in one step
HOME/models/ledger.jsonl   one line per promotion or rollback, never rewritten
HOME/models/<version>/     the model sets that were in force
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from features.staging import staged_file

MODELS = "models"
POINTER = "current.json"
LEDGER = "ledger.jsonl"


class Action(StrEnum):
    """How a model set came into force."""

    PROMOTE = "promote"
    FORCE = "force"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; `when` is ISO 8601 in UTC, `old` is None for the first."""

    when: str
    action: Action
    old: str | None
    new: str
    by: str
    why: str
    failing: tuple[str, ...] = ()


def in_force(home: Path) -> str | None:
    """Return the version that the pointer names, or None."""
    try:
        return str(json.loads((home / MODELS / POINTER).read_text(encoding="utf-8"))["version"])
    except FileNotFoundError:
        return None


def folder_of(home: Path, *, version: str) -> Path:
    """Return where a model set of that version lies, or would lie."""
    return home / MODELS / version


def point(home: Path, *, version: str, now: datetime) -> None:
    """Put a model set in force, in one step."""
    with staged_file(home / MODELS / POINTER) as staged:
        pointer = {"version": version, "folder": version, "since": now.isoformat()}
        staged.write_text(json.dumps(pointer) + "\n", encoding="utf-8")


def record(home: Path, entry: Entry) -> None:
    """Append a line to the ledger, safely on disk when this returns."""
    path = home / MODELS / LEDGER
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(asdict(entry)) + "\n"
    with path.open("a", encoding="utf-8") as ledger:
        ledger.write(line if _ends_in_newline(path) else "\n" + line)
        ledger.flush()
        os.fsync(ledger.fileno())


def entries(home: Path) -> tuple[Entry, ...]:
    """Return every whole line of the ledger, oldest first."""
    try:
        lines = (home / MODELS / LEDGER).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(entry for line in lines if (entry := _entry(line)) is not None)


def before(home: Path) -> str | None:
    """Return the version that was in force before the present one; rollbacks undo promotions."""
    stack: list[str] = []
    for entry in entries(home):
        if entry.action is Action.ROLLBACK:
            while stack and stack[-1] != entry.new:
                stack.pop()
        if not stack or stack[-1] != entry.new:
            stack.append(entry.new)
    return stack[-2] if len(stack) > 1 else None


def _entry(line: str) -> Entry | None:
    try:
        value = json.loads(line)
    except ValueError:  # the machine stopped in the middle of this line
        return None
    return Entry(**{**value, "action": Action(value["action"]), "failing": tuple(value["failing"])})


def _ends_in_newline(path: Path) -> bool:
    content = path.read_bytes() if path.exists() else b""
    return not content or content.endswith(b"\n")
