"""One run at a time in a workspace: a lock that ends with its process, and says whose it is."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from features.errors import FeatureError

FILE = "retrain.lock"


class HeldError(FeatureError):
    """Another run holds the workspace."""

    status = 423


@contextmanager
def held(home: Path, *, who: str, now: datetime) -> Iterator[None]:
    """Hold HOME/retrain.lock while the block runs; a killed process lets go of it by itself.

    Raises HeldError, naming who holds it and since when.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise HeldError(
                f"A retraining is at work in {home}: {file.read().strip() or 'just started'}.",
                fix="Wait until it has ended; a killed one lets go by itself.",
            ) from None
        file.truncate(0)
        file.write(f"{who}, process {os.getpid()}, since {now.isoformat(timespec='seconds')}\n")
        file.flush()
        yield
