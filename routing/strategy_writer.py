"""Writing a strategy set: beside its final place, verified, then published in one step."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import msgspec

from routing.defaults import PartnerDefaults
from routing.errors import StrategyFileDamagedError
from routing.index_secret import fingerprint, secret_of
from routing.offers import Offer
from routing.ready import ready_of, sealed
from routing.strategy import Strategy
from routing.strategy_file import FORMAT, Header, verify
from routing.strategy_index import ContactDetails, Keys
from routing.strategy_pointer import file_of, label_before, next_label, point_at, prune, sync_folder

STRATEGIES, ANSWERS, VECTORS = TABLES = ("strategies", "answers", "vectors")
_PRAGMAS = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",  # the file is synced once, when whole
    "PRAGMA page_size=8192",  # holds four ready-made answers; of 4096 bytes a fifth would be empty
    "PRAGMA cache_size=-32768",
    "PRAGMA locking_mode=EXCLUSIVE",
)


class Published(msgspec.Struct, frozen=True):
    """A strategy set that is now in force: its file, size and counts."""

    label: str
    path: Path
    customers: int
    keys: int
    bytes: int
    previous: str | None


class StrategyWriter:
    """Writes one set beside its final place; nothing is seen before `publish`.

    Use as a context: leaving it without `publish` removes what was written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model_set: str,
        formed_at: datetime,
        defaults: Iterable[PartnerDefaults],
        cuts: dict[str, tuple[float, ...]] | None = None,
        offers: Mapping[str, Iterable[Offer]] | None = None,
        label: str | None = None,
        features: tuple[str, ...] = (),
        as_of: datetime | None = None,
    ) -> None:
        self.folder = folder
        self.label = label or next_label(folder, formed_at=formed_at)
        self._header = Header(
            format=FORMAT,
            label=self.label,
            model_set=model_set,
            formed_at=formed_at,
            defaults={default.partner: default for default in defaults},
            cuts={
                partner: tuple(cut if math.isfinite(cut) else None for cut in thresholds)
                for partner, thresholds in (cuts or {}).items()
            },
            offers={partner: tuple(mine) for partner, mine in (offers or {}).items()},
            features=features,
            as_of=as_of,
        )
        self._path = folder / f".{file_of(self.label)}.{os.getpid()}.tmp"
        self._loose = folder / f".keys-{self.label}.{os.getpid()}.tmp"
        self._checksum = blake2b(digest_size=16)
        self._count = 0
        self._connection: sqlite3.Connection | None = None
        self._keys: Keys | None = None

    def __enter__(self) -> StrategyWriter:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._discard()
        secret = secret_of(self.folder)
        self._keys = Keys(secret)
        self._header = msgspec.structs.replace(self._header, secret=fingerprint(secret))
        connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection = connection
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.execute("ATTACH ? AS loose", (str(self._loose),))
        connection.execute("PRAGMA loose.journal_mode=OFF")
        connection.execute("PRAGMA loose.synchronous=OFF")
        connection.execute("CREATE TABLE header(body BLOB)")
        for table in TABLES:
            connection.execute(f"CREATE TABLE {table}(number INTEGER PRIMARY KEY, body BLOB)")
        connection.execute("CREATE TABLE loose.keys(key INTEGER, number INTEGER)")
        connection.execute("BEGIN")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._discard()

    def _discard(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._path.unlink(missing_ok=True)
        self._loose.unlink(missing_ok=True)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StrategyFileDamagedError(
                f"The writer of set {self.label} is not open.",
                fix="Use it as a context: with StrategyWriter(...) as writer.",
            )
        return self._connection

    def add(
        self,
        entries: Iterable[tuple[Strategy, ContactDetails]],
        *,
        vectors: Iterable[bytes] | None = None,
    ) -> int:
        """Write these strategies with the keys their customers go by; returns how many.

        `vectors` holds what was known of each customer, in the same order (routing.vectors).
        """
        rows = _Rows(self._opened_keys(), first=self._count + 1)
        known = iter(vectors) if vectors is not None else None
        for strategy, details in entries:
            rows.add(strategy, details, vector=next(known) if known is not None else b"")
        self._count += rows.count
        self._checksum.update(b"".join(rows.checked))
        connection = self._open()
        for table in TABLES:
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows.bodies[table])
        connection.executemany("INSERT INTO loose.keys VALUES (?, ?)", rows.keys)
        return rows.count

    def _opened_keys(self) -> Keys:
        self._open()
        assert self._keys is not None  # made when the file was
        return self._keys

    def publish(self) -> Published:
        """Sort the keys, verify the whole file, rename it and point at it; returns what is now.

        Raises StrategyFileDamagedError when what was read back is not what was written.
        """
        header = self._finish()
        verify(self._path, expected=header)
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
        target = self.folder / file_of(self.label)
        previous = label_before(self.folder)
        self._path.replace(target)
        sync_folder(self.folder)
        pointer = point_at(self.folder, self.label, previous=previous)
        prune(self.folder)
        return Published(self.label, target, header.customers, header.keys, pointer.bytes, previous)

    def _finish(self) -> Header:
        connection = self._open()
        connection.execute(
            "CREATE TABLE keys(key INTEGER, number INTEGER, PRIMARY KEY(key, number)) WITHOUT ROWID"
        )
        # Sorted first, then appended: a tree filled in random order is several times slower.
        connection.execute(
            "INSERT OR IGNORE INTO keys SELECT key, number FROM loose.keys ORDER BY key, number"
        )
        (keys,) = connection.execute("SELECT count(*) FROM keys").fetchone()
        header = msgspec.structs.replace(
            self._header, customers=self._count, keys=keys, checksum=self._checksum.hexdigest()
        )
        connection.execute("INSERT INTO header VALUES (?)", (msgspec.json.encode(header),))
        connection.execute("COMMIT")
        connection.execute("DETACH loose")
        connection.close()
        self._connection = None
        return header


class _Rows:
    """The rows of some strategies, for each table."""

    def __init__(self, keys: Keys, *, first: int) -> None:
        self._keys = keys
        self._next = first
        self._encode = msgspec.msgpack.Encoder().encode
        self.count = 0
        self.keys: list[tuple[int, int]] = []
        self.bodies: dict[str, list[tuple[int, bytes]]] = {table: [] for table in TABLES}
        self.checked: list[bytes] = []

    def add(self, strategy: Strategy, details: ContactDetails, *, vector: bytes) -> None:
        """Add one strategy's rows."""
        number, self._next, self.count = self._next, self._next + 1, self.count + 1
        body, answer = self._encode(strategy), sealed(ready_of(strategy))
        self.bodies[STRATEGIES].append((number, body))
        self.bodies[ANSWERS].append((number, answer))
        if vector:
            self.bodies[VECTORS].append((number, vector))
        self.checked += (body, answer, vector)
        found = self._keys.of(strategy.customer_id, details)
        self.keys.extend((key, number) for key in found)
