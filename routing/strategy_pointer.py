"""Which strategy set is in force: one small file, replaced in one step."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from routing.errors import StrategyFileDamagedError, StrategySetNotFoundError, WriterBusyError

POINTER = "current.json"
LOCK = ".writing.lock"
KEPT_SETS = 3

_LABEL = re.compile(r"^(\d{4}-\d{2}-\d{2})\.(\d+)$")


class Pointer(msgspec.Struct, frozen=True):
    """The set in force: its label, file and size in bytes, and the label of the set before."""

    label: str
    file: str
    bytes: int
    previous: str | None = None


def file_of(label: str) -> str:
    """Return the file name of the set of that label."""
    return f"strategies-{label}.sqlite"


def _order(label: str) -> tuple[str, int]:
    found = _LABEL.match(label)
    return (found.group(1), int(found.group(2))) if found else ("", 0)


def labels(folder: Path) -> list[str]:
    """Return the labels of the sets in the folder, oldest first."""
    names = (path.name for path in folder.glob("strategies-*.sqlite"))
    found = (name.removeprefix("strategies-").removesuffix(".sqlite") for name in names)
    return sorted((label for label in found if _LABEL.match(label)), key=_order)


def next_label(folder: Path, *, formed_at: datetime) -> str:
    """Return the next free label, such as `2026-11-22.3`: the day and a running number."""
    day = f"{formed_at:%Y-%m-%d}"
    in_force = label_before(folder)  # its file may be gone: no two sets have one label
    found = [*labels(folder), *([in_force] if in_force is not None else [])]
    taken = [_order(label)[1] for label in found if _order(label)[0] == day]
    return f"{day}.{max(taken, default=0) + 1}"


def read_pointer(folder: Path) -> Pointer | None:
    """Return the pointer, or None where nothing is published; StrategyFileDamagedError if bad."""
    path = folder / POINTER
    try:
        pointer = msgspec.json.decode(path.read_bytes(), type=Pointer)
        if not pointer.file or Path(pointer.file).name != pointer.file or "\0" in pointer.file:
            raise ValueError(f"'{pointer.file}' is not the plain name of a file beside it")
        return pointer
    except FileNotFoundError:
        return None
    except (OSError, RecursionError, ValueError, msgspec.MsgspecError) as error:
        raise StrategyFileDamagedError(
            f"{path} cannot be read: {error}.",
            fix="Form the strategies again, or roll back to the set before.",
        ) from error


def label_before(folder: Path) -> str | None:
    """Return the label in force; where the pointer is damaged, that of the newest set."""
    try:
        pointer = read_pointer(folder)
    except StrategyFileDamagedError:  # a new set is what mends it
        return next(reversed(labels(folder)), None)
    return pointer.label if pointer is not None else None


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Replace the pointer in one step and make that durable."""
    staged = folder / f".{POINTER}.{os.getpid()}.tmp"
    try:
        with staged.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(pointer)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        staged.replace(folder / POINTER)
    finally:
        staged.unlink(missing_ok=True)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make renames in the folder durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def point_at(folder: Path, label: str, *, previous: str | None) -> Pointer:
    """Put the set of that label in force."""
    size = (folder / file_of(label)).stat().st_size
    pointer = Pointer(label=label, file=file_of(label), bytes=size, previous=previous)
    write_pointer(folder, pointer)
    return pointer


def go_back(folder: Path) -> tuple[str, str | None]:
    """Return the labels of the set before the one in force, and of the one before that.

    Raises StrategySetNotFoundError where there is none before.
    """
    pointer = read_pointer(folder)
    kept = labels(folder)
    if pointer is None or pointer.previous is None or pointer.previous not in kept:
        raise StrategySetNotFoundError(
            f"There is no strategy set before {pointer.label if pointer else 'the first'}.",
            fix=f"{folder} holds: {', '.join(kept) or 'none'}. Form strategies first.",
        )
    older = [label for label in kept if _order(label) < _order(pointer.previous)]
    return pointer.previous, older[-1] if older else None


def prune(folder: Path, *, keep: int = KEPT_SETS) -> list[str]:
    """Remove all but the newest sets, never the one in force nor the one before it."""
    pointer = read_pointer(folder)
    needed = {pointer.label, pointer.previous} if pointer else set()
    gone = [label for label in labels(folder)[:-keep] if label not in needed]
    for label in gone:
        with suppress(OSError):  # a folder of that name: it stays, the new set is in force
            (folder / file_of(label)).unlink(missing_ok=True)
    return gone


@contextmanager
def writing_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for one writer and clear it of halves; WriterBusyError if another writes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        if not _locked(file.fileno()):
            raise WriterBusyError(
                f"Another run is forming strategies in {folder}.",
                fix="Wait until it has ended, then run this again.",
            )
        for left in folder.glob(".*.tmp"):  # by a run that was killed; we hold the lock
            left.unlink(missing_ok=True)
        yield


def _locked(handle: int) -> bool:
    try:
        import fcntl  # absent on Windows: there two runs at once are the user's to avoid
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
