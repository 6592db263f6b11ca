"""The promoted model set in full, for who asks by importance: loaded when it is first needed."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path

from features.errors import FeatureError
from models.compiled import CompiledModelSet
from serving.live_store import POINTER

_log = logging.getLogger("callworth.serving")

_LOOK_EVERY_SECONDS = 1.0


class ModelStore:
    """Holds the model set in force; one that cannot be loaded leaves the one before in force."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._models: CompiledModelSet | None = None
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0
        self._lock = asyncio.Lock()
        self.trouble: str | None = f"No model set is promoted: {folder / POINTER} does not exist."

    async def current(self) -> CompiledModelSet | None:
        """Return the model set in force, or None; `trouble` says why. Looks once a second."""
        if time.monotonic() >= self._look_at:
            async with self._lock:
                if time.monotonic() >= self._look_at:
                    await self._follow()
                    self._look_at = time.monotonic() + _LOOK_EVERY_SECONDS
        return self._models

    async def _follow(self) -> None:
        pointer = self._folder / POINTER
        try:
            found = pointer.stat()
        except OSError:
            if self._models is None:
                self.trouble = f"No model set is promoted: {pointer} does not exist."
            else:
                self.trouble = f"{pointer} is gone; the model set read before stays in force."
            return
        seen = (found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            self.trouble = None
            return
        try:
            self._models = await asyncio.to_thread(_load, self._folder)
        except Exception as error:  # whatever a damaged folder raises, answers go on
            trouble = f"The promoted model set cannot be loaded: {_words(error)}."
            if trouble != self.trouble:  # each look tries again; the log tells it once
                _log.error("%s", trouble, exc_info=error)
            self.trouble = trouble
        else:  # only then: what failed is tried again at the next look
            self._seen, self.trouble = seen, None


def _load(folder: Path) -> CompiledModelSet:
    pointer = json.loads((folder / POINTER).read_text(encoding="utf-8"))
    return CompiledModelSet.load(folder / str(pointer["folder"]))


def _words(error: Exception) -> str:
    return error.fact.rstrip(".") if isinstance(error, FeatureError) else f"{error!r}"
