"""The keys file: each key's name, role and hashes, when it ends and how fast it may ask."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from serving.errors import KeysFileError, KeysRequiredError
from serving.settings import Settings

_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
MOST_HASHES = 2


class Role(StrEnum):
    """What a key may do."""

    ROUTER = "router"
    MARKETING = "marketing"
    SCIENTIST = "scientist"


class Rate(msgspec.Struct, frozen=True):
    """How fast a key may ask: requests a second in the long run, and so many at once."""

    per_second: float
    burst: float


class Key(msgspec.Struct, frozen=True):
    """One key; `hashes` are the SHA-256 of its secrets (256 random bits each: no salt).

    There are two while it is rotated. `ends` is the first second (since 1970, UTC) in which it is
    no longer taken.
    """

    name: str
    role: Role
    hashes: tuple[str, ...] = ()
    ends: float = float("inf")
    rate: Rate | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One [[keys]] entry as it stands in the file."""

    name: _Name
    role: Role
    sha256: _Hash | Annotated[list[_Hash], msgspec.Meta(min_length=1, max_length=MOST_HASHES)]
    ends: datetime | None = None
    requests_per_second: Annotated[float, msgspec.Meta(gt=0, le=1e6)] | None = None
    burst: Annotated[float, msgspec.Meta(ge=1, le=1e6)] | None = None

    @property
    def hashes(self) -> tuple[str, ...]:
        """The hashes, oldest first."""
        return (self.sha256,) if isinstance(self.sha256, str) else tuple(self.sha256)

    @property
    def key(self) -> Key:
        """The key it declares; without a burst, the requests of one second may come at once."""
        rate = None
        if self.requests_per_second is not None:
            rate = Rate(self.requests_per_second, self.burst or max(1.0, self.requests_per_second))
        ends = float("inf") if self.ends is None else aware(self.ends).timestamp()
        return Key(self.name, self.role, self.hashes, ends, rate)


def aware(instant: datetime) -> datetime:
    """Return the instant with its zone; one that is written without is UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def read_entries(file: Path) -> tuple[Entry, ...]:
    """Return the entries of a keys file; raise KeysFileError that says where and what is wrong."""
    return entries_of(text_of(file), file)


def text_of(file: Path) -> str:
    """Return what stands in a keys file; raise KeysFileError where that cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise KeysFileError(
            f"There is no {file}.", fix="Make a key with `callworth keys create`."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeysFileError(
            f"{file} cannot be read: {error}.", fix="Correct or restore it."
        ) from error


def entries_of(text: str, file: Path) -> tuple[Entry, ...]:
    """Return the entries of the text of a keys file; raise KeysFileError as `read_entries`."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise KeysFileError(
            f"{file} cannot be read: {error}.", fix="Correct or restore it."
        ) from error
    given = document.get("keys")
    if not isinstance(given, list) or not given:
        raise KeysFileError(f"{file} has no [[keys]] entries.", fix="Each key is one such entry.")
    entries = tuple(_entry(one, file, at) for at, one in enumerate(given, start=1))
    names = [one.name for one in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise KeysFileError(f"{file} has two keys '{twice}'.", fix="Give each its own name.")
    return entries


def read_keys(file: Path) -> tuple[Key, ...]:
    """Return the keys of a file; raise KeysFileError that says where and what is wrong."""
    return tuple(entry.key for entry in read_entries(file))


def demand_keys(settings: Settings) -> tuple[Key, ...] | None:
    """Return the keys of a server, None where it has no file of them.

    Raises KeysFileError, and KeysRequiredError where a server may not go without keys.
    """
    keys = read_keys(settings.keys_file) if settings.keys_file.exists() else None
    if not settings.loopback and not keys:
        raise KeysRequiredError(
            f"{settings.host} can be reached by other machines, and there are no keys in"
            f" {settings.keys_file}.",
            fix="Make one with `callworth keys create NAME --role router`, or listen on 127.0.0.1.",
        )
    return keys


def _entry(given: object, file: Path, at: int) -> Entry:
    try:
        return msgspec.convert(given, Entry)
    except msgspec.ValidationError as error:
        raise KeysFileError(
            f"{file}, key {at}: {error}.",
            fix="Make keys with `callworth keys create`; docs/security.md shows what one may hold.",
        ) from error
