"""What a check looks at and what it finds: how it is, and how to mend it where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from serving.settings import Settings


class Grade(StrEnum):
    """How something is; only `wrong` makes the exit code 1."""

    WELL = "well"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: the fact, and the fix where there is one."""

    about: str
    grade: Grade
    fact: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """Where a check looks, and the instant of it (aware, UTC)."""

    settings: Settings
    now: datetime

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.settings.home


Check: TypeAlias = Callable[[Looked], Iterator[Finding]]


def well(about: str, fact: str) -> Finding:
    """Return a finding of something that is as it should be."""
    return Finding(about, Grade.WELL, fact)


def note(about: str, fact: str, fix: str | None = None) -> Finding:
    """Return a finding of something that is good to know and stops nothing."""
    return Finding(about, Grade.NOTE, fact, fix)


def wrong(about: str, fact: str, fix: str) -> Finding:
    """Return a finding of something that is to be mended."""
    return Finding(about, Grade.WRONG, fact, fix)
