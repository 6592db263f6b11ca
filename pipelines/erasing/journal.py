"""What is done of an erasure, so that one that was killed is completed by the same command.

HOME/erased/<key>.json names the stores that are done, and nobody: its name is the keyed hash.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from features.staging import staged_file


class Done(msgspec.Struct, frozen=True):
    """The stores that are done, each with how much was taken out of it."""

    counts: dict[str, int] = {}
    finished: bool = False


class Journal:
    """The journal of one erasure."""

    def __init__(self, folder: Path, *, key: str) -> None:
        self._file = folder / f"{key}.json"
        self._done = Done()
        if self._file.exists():
            found = msgspec.json.decode(self._file.read_bytes(), type=Done)
            self._done = Done() if found.finished else found

    @property
    def counts(self) -> dict[str, int]:
        """How much was taken out of each store that is done."""
        return dict(self._done.counts)

    def step(self, store: str, work: Callable[[], int]) -> None:
        """Do the work of a store once, and write down that it is done."""
        if store not in self._done.counts:
            self._write(Done({**self._done.counts, store: work()}))

    def finish(self) -> None:
        """Say that all is done: the same command begins anew from now on."""
        self._write(Done(self._done.counts, finished=True))

    def _write(self, done: Done) -> None:
        with staged_file(self._file) as staged:
            staged.write_bytes(msgspec.json.format(msgspec.json.encode(done)) + b"\n")
        self._done = done
