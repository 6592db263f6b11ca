"""The workspace: the one folder that holds all that the steps make for each other."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.errors import DataNotFoundError

DEFAULT_HOME = Path("callworth-home")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Names of the files in one workspace; nothing here opens or makes them."""

    home: Path

    @property
    def tables(self) -> Path:
        """Where `generate` writes the raw tables, and the default for every `--tables`."""
        return self.home / "tables"

    @property
    def quarantine(self) -> Path:
        """Bad rows that `check` set aside."""
        return self.home / "quarantine"

    @property
    def keys(self) -> Path:
        """The API keys, as hashes."""
        return self.home / "keys.toml"

    @property
    def screen(self) -> str:
        """The folder as shown to a person: relative where that is shorter."""
        shown = os.path.relpath(self.home)
        return shown if len(shown) < len(str(self.home)) else str(self.home)

    def as_of(self, tables: Path, given: datetime | None) -> datetime:
        """Return the instant to look from: the one given, else the end of the data.

        Raises:
            DataNotFoundError: none was given and the tables do not say where they end.
        """
        if given is not None:
            return given
        described = tables / "world.json"
        if described.exists():
            until = str(json.loads(described.read_text())["until"])
            return datetime.fromisoformat(until.replace("Z", "+00:00"))
        raise DataNotFoundError(
            f"'{tables}' does not say when its data ends (no world.json).",
            fix="Give the instant to look from: --as-of 2026-11-01T00:00:00Z.",
        )
