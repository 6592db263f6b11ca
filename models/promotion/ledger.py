"""Which model set is in force in a workspace, and who put it there: a pointer and a ledger.

HOME/models/current.json   {"version", "folder", "since"}, replaced in one step
HOME/models/ledger.jsonl   a line per promotion or rollback, with the digest of the one before
HOME/models/.lock          held while one promotion or rollback is at work
HOME/models/<version>/     the model sets that were in force
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from features import chain
from features.staging import staged_file
from models.errors import ModelError

MODELS = "models"
POINTER = "current.json"
LEDGER = "ledger.jsonl"
LOCK = ".lock"


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
    # What it was decided on: the gate's rules, or why there were none.
    evidence: tuple[str, ...] = ()
    # SHA-256 of the line before, 64 hexadecimal digits; None in ledgers of earlier versions.
    before: str | None = None


class LedgerAlteredError(ModelError):
    """A line of the ledger is not the one that was written."""

    status = 409


class BusyError(ModelError):
    """Another promotion or rollback is at work in this workspace."""

    status = 409


@contextmanager
def one_writer(home: Path, *, who: str) -> Iterator[None]:
    """Let one promotion or rollback at a time change what is in force; ends with the process.

    Raises BusyError, naming who is at it.
    """
    path = home / MODELS / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise BusyError(
                f"A promotion or rollback is at work: {file.read().strip() or 'just started'}.",
                fix="Wait until it has ended; it takes seconds.",
            ) from None
        file.truncate(0)
        file.write(f"{who}, process {os.getpid()}\n")
        file.flush()
        yield


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


def record(home: Path, entry: Entry) -> str:
    """Append a line to the ledger, safely on disk when this returns; return its digest."""
    return chain.append(home / MODELS / LEDGER, asdict(entry))


def entries(home: Path) -> tuple[Entry, ...]:
    """Return every whole line of the ledger, oldest first.

    Raises LedgerAlteredError where a line was changed, taken out or moved.
    """
    try:
        found = chain.entries(home / MODELS / LEDGER, unchained_start=True)
    except chain.ChainBrokenError as error:
        raise LedgerAlteredError(
            error.fact.replace("the file was", "the ledger was"),
            fix="Put the file back from a backup; the versions' tags in MLflow tell who "
            "promoted what, too.",
        ) from error
    return tuple(_entry(value) for value in found)


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


def _entry(value: dict[str, Any]) -> Entry:
    lists = {name: tuple(value.get(name, ())) for name in ("failing", "evidence")}
    return Entry(**{**value, "action": Action(value["action"]), **lists})
