"""The workspace: the one folder that holds all that the steps make for each other."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from features.errors import DataNotFoundError
from features.staging import staged_file

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

    def source(self, given: Path | None) -> Path:
        """Return the raw tables: the ones given, else those of the features, else HOME/tables."""
        built = self._built()
        return given or (built.tables if built else self.tables)

    def as_of(self, tables: Path, given: datetime | None) -> datetime:
        """Return the instant to look from: given, else that of the features, else the data's end.

        Raises:
            DataNotFoundError: none was given and nothing here says where the data ends.
        """
        built = self._built()
        return given or (built.as_of if built else self.end_of_data(tables, None))

    def end_of_data(self, tables: Path, given: datetime | None) -> datetime:
        """Return the instant given, else where the tables say that they end.

        Raises:
            DataNotFoundError: none was given and the tables do not say where they end.
        """
        if given is not None:
            return given
        if not tables.exists():
            raise DataNotFoundError(
                f"There is nothing at '{tables}'.",
                fix="Name the raw tables with --tables, or make some: callworth generate.",
            )
        described = tables / "world.json"
        if described.exists():
            until = str(json.loads(described.read_text())["until"])
            return datetime.fromisoformat(until.replace("Z", "+00:00"))
        raise DataNotFoundError(
            f"'{tables}' does not say when its data ends (no world.json).",
            fix="Give the instant to look from: --as-of 2026-11-01T00:00:00Z.",
        )

    def remember(self, *, tables: Path, as_of: datetime) -> None:
        """Keep what the features were built from, as the default of the steps that follow."""
        with staged_file(self._built_file) as staged:
            staged.write_bytes(msgspec.json.encode(Built(str(tables.resolve()), as_of)))

    @property
    def _built_file(self) -> Path:
        return self.home / "features" / "built.json"

    def _built(self) -> Built | None:
        if not self._built_file.exists():
            return None
        return msgspec.json.decode(self._built_file.read_bytes(), type=Built)


class Built(msgspec.Struct, frozen=True):
    """What the features of a workspace were built from."""

    path: str
    as_of: datetime

    @property
    def tables(self) -> Path:
        """The raw tables."""
        return Path(self.path)
