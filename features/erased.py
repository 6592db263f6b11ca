"""Who was erased: keyed hashes of customer ids, by which their rows are dropped wherever they come.

HOME/erased/erased.key       the secret of the hashes, readable by its owner alone
HOME/erased/customers.jsonl  {"key", "erased_at", "by"}, a line per customer; nobody is named
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from features.errors import ContractError

FOLDER, SECRET, LIST = "erased", "erased.key", "customers.jsonl"
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Tombstone:
    """One erased customer: the keyed hash of the id (32 hexadecimal digits), when and by whom."""

    key: str
    erased_at: str
    by: str


class Tombstones:
    """The erased customers of one workspace; nothing is made before the first is added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, home: Path) -> Tombstones:
        """Return those of a workspace."""
        return cls(home / FOLDER)

    @classmethod
    def beside(cls, quarantine: Path) -> Tombstones:
        """Return those of the workspace in which this quarantine lies."""
        return cls.of(quarantine.parent)

    def __iter__(self) -> Iterator[Tombstone]:
        """Yield them, oldest first; a line that a crash cut short is passed over."""
        file = self.folder / LIST
        for line in file.read_bytes().splitlines() if file.exists() else ():
            try:
                yield Tombstone(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def key_of(self, customer_id: str) -> str:
        """Return the keyed hash of an id; ContractError where the secret is lost."""
        return _hashed(customer_id, self._secret())

    def add(self, customer_id: str, *, now: datetime, by: str) -> Tombstone:
        """Set a tombstone, on disk when this returns; one that stands stays as it is."""
        self._make_secret()
        key = self.key_of(customer_id)
        for stands in self:
            if stands.key == key:
                return stands
        made = Tombstone(key, now.isoformat(timespec="seconds"), by)
        file = self.folder / LIST
        cut_short = file.exists() and not file.read_bytes().endswith(b"\n")
        with file.open("a", encoding="utf-8") as lines:
            lines.write("\n" * cut_short + json.dumps(asdict(made)) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
        return made

    def among(self, customer_ids: Iterable[str]) -> list[str]:
        """Return those of the ids whose customers were erased."""
        keys = {one.key for one in self}
        if not keys:
            return []
        secret = self._secret()
        return [one for one in customer_ids if _hashed(one, secret) in keys]

    def _make_secret(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / SECRET
        if path.exists() or any(True for _ in self):
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _secret(self) -> bytes:
        path = self.folder / SECRET
        try:
            secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            raise _unusable(path, str(error)) from error
        if len(secret) != _SECRET_BYTES:
            raise _unusable(path, f"it holds {len(secret)} bytes, not {_SECRET_BYTES}")
        return secret


def _hashed(customer_id: str, secret: bytes) -> str:
    return blake2b(customer_id.encode(), digest_size=16, key=secret).hexdigest()


def _unusable(path: Path, why: str) -> ContractError:
    return ContractError(
        f"{path} cannot be used: {why}. Without it nobody can tell who was erased.",
        fix="Put it back from a backup; to go on without, move the folder away: the customers "
        "erased before then come back with the tables, until they are erased again.",
    )
