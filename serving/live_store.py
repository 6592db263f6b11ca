"""The promoted model set for live answers: follows HOME/models/current.json."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from features.errors import FeatureError
from models.live import LiveModelSet
from serving.live_scoring import LiveScoring

_log = logging.getLogger("callworth.serving")

POINTER = "current.json"


class LiveStore:
    """Gives the model set in force; one that cannot be loaded leaves the one before in force."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scoring: LiveScoring | None = None
        self._seen: tuple[int, int, int] | None = None
        self.trouble: str | None = f"No model set is promoted: {folder / POINTER} does not exist."

    def current(self) -> LiveScoring | None:
        """Return the model set, loaded and warmed, or None; `trouble` says why. Never raises."""
        pointer = self._folder / POINTER
        try:
            found = pointer.stat()
        except OSError:
            if self._scoring is None:
                self.trouble = f"No model set is promoted: {pointer} does not exist."
            else:
                self.trouble = f"{pointer} is gone; the model set read before stays in force."
            return self._scoring
        seen = (found.st_mtime_ns, found.st_ino, found.st_size)
        if seen == self._seen:
            self.trouble = None
            return self._scoring
        try:
            self._scoring = self._loaded()
        except Exception as error:  # whatever a damaged folder raises, answers go on
            trouble = f"The promoted model set cannot be loaded: {_words(error)}."
            if trouble != self.trouble:  # each look tries again; the log tells it once
                _log.error("%s", trouble, exc_info=error)
            self.trouble = trouble
        else:  # only then: what failed is tried again at the next look
            self._seen, self.trouble = seen, None
        return self._scoring

    def _loaded(self) -> LiveScoring:
        pointer = json.loads((self._folder / POINTER).read_text(encoding="utf-8"))
        models = LiveModelSet.load(self._folder / str(pointer["folder"]))
        models.warm()
        return LiveScoring(models)


def _words(error: Exception) -> str:
    return error.fact.rstrip(".") if isinstance(error, FeatureError) else f"{error!r}"
