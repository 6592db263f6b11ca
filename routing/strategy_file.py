"""The strategy set as one read-only SQLite file: written, verified, published, looked up.

Tables: `header` (one row, JSON), `strategies(number, body)` with one MessagePack array a customer,
`keys(key, number)` sorted, without row ids. Bodies are only decoded when asked for.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import msgspec

from routing.defaults import PartnerDefaults
from routing.errors import StrategyFileDamagedError
from routing.strategy import Strategy
from routing.strategy_index import ContactDetails, customer_key, keys_of
from routing.strategy_pointer import file_of, next_label, point_at, prune, read_pointer, sync_folder

FORMAT = "callworth-strategies/1"
SAMPLED = 997  # every so-manieth strategy is looked up by its key when a file is verified

_PRAGMAS = (
    "PRAGMA journal_mode=OFF",
    "PRAGMA synchronous=OFF",  # the file is synced once, when whole
    "PRAGMA page_size=4096",
    "PRAGMA cache_size=-32768",
    "PRAGMA locking_mode=EXCLUSIVE",
)


class Header(msgspec.Struct, frozen=True):
    """What a strategy file says of itself; `cuts` are the value thresholds, by partner."""

    format: str
    label: str
    model_set: str
    formed_at: datetime
    defaults: dict[str, PartnerDefaults]
    cuts: dict[str, tuple[float, ...]] = {}
    customers: int = 0
    keys: int = 0
    checksum: str = ""

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners of the set, in order."""
        return tuple(self.defaults)


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
        label: str | None = None,
    ) -> None:
        self.folder = folder
        self.label = label or next_label(folder, formed_at=formed_at)
        self._header = Header(
            format=FORMAT,
            label=self.label,
            model_set=model_set,
            formed_at=formed_at,
            defaults={default.partner: default for default in defaults},
            cuts=cuts or {},
        )
        self._path = folder / f".{file_of(self.label)}.{os.getpid()}.tmp"
        self._loose = folder / f".keys-{self.label}.{os.getpid()}.tmp"
        self._checksum = blake2b(digest_size=16)
        self._encoder = msgspec.msgpack.Encoder()
        self._count = 0
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> StrategyWriter:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._discard()
        connection = sqlite3.connect(self._path, isolation_level=None)
        self._connection = connection
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        connection.execute("ATTACH ? AS loose", (str(self._loose),))
        connection.execute("PRAGMA loose.journal_mode=OFF")
        connection.execute("PRAGMA loose.synchronous=OFF")
        connection.execute("CREATE TABLE header(body BLOB)")
        connection.execute("CREATE TABLE strategies(number INTEGER PRIMARY KEY, body BLOB)")
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

    def add(self, entries: Iterable[tuple[Strategy, ContactDetails]]) -> int:
        """Write these strategies with the keys their customers go by; returns how many."""
        bodies: list[tuple[int, bytes]] = []
        keys: list[tuple[int, int]] = []
        for strategy, details in entries:
            self._count += 1
            body = self._encoder.encode(strategy)
            self._checksum.update(body)
            bodies.append((self._count, body))
            keys.extend(
                (key, self._count)
                for key in keys_of(strategy.partner, strategy.customer_id, details)
            )
        connection = self._open()
        connection.executemany("INSERT INTO strategies VALUES (?, ?)", bodies)
        connection.executemany("INSERT INTO loose.keys VALUES (?, ?)", keys)
        return len(bodies)

    def publish(self) -> Published:
        """Sort the keys, verify the whole file, rename it and point at it; returns what is now.

        Raises StrategyFileDamagedError when what was read back is not what was written.
        """
        header = self._finish()
        verify(self._path, expected=header)
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
        target = self.folder / file_of(self.label)
        before = read_pointer(self.folder)
        os.replace(self._path, target)
        sync_folder(self.folder)
        previous = before.label if before else None
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


def connect(path: Path) -> sqlite3.Connection:
    """Open a published file for reading; it is never changed, so no locks are taken."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)


def read_header(connection: sqlite3.Connection, path: Path) -> Header:
    """Return the header, or raise StrategyFileDamagedError."""
    try:
        row = connection.execute("SELECT body FROM header").fetchone()
        header = msgspec.json.decode(row[0] if row else b"", type=Header)
    except (sqlite3.Error, msgspec.MsgspecError, TypeError) as error:
        raise damaged(path, f"has no readable header ({error})") from error
    if header.format != FORMAT:
        raise damaged(path, f"has format '{header.format}'; this version reads '{FORMAT}'")
    return header


def damaged(path: Path, fact: str) -> StrategyFileDamagedError:
    """Return the error for a file that is not what it should be."""
    return StrategyFileDamagedError(
        f"{path} {fact}.", fix="Roll back to the set before, or form the strategies again."
    )


def every_strategy(path: Path) -> Iterator[Strategy]:
    """Yield the strategies of a file in the order they were written, a few at a time."""
    decoder = msgspec.msgpack.Decoder(Strategy)
    connection = connect(path)
    try:
        for (body,) in connection.execute("SELECT body FROM strategies ORDER BY number"):
            yield decoder.decode(body)
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        raise damaged(path, f"holds a strategy that cannot be read ({error})") from error
    finally:
        connection.close()


def verify(path: Path, *, expected: Header | None = None) -> Header:
    """Read the whole file back and compare it with its header; returns the header."""
    connection = connect(path)
    try:
        header = read_header(connection, path)
        checksum = blake2b(digest_size=16)
        count = 0
        decoder = msgspec.msgpack.Decoder(Strategy)
        find = connection.cursor()
        for number, body in connection.execute("SELECT number, body FROM strategies"):
            count += 1
            checksum.update(body)
            if number % SAMPLED == 1:
                strategy = decoder.decode(body)
                key = customer_key(strategy.partner, strategy.customer_id)
                found = find.execute("SELECT number FROM keys WHERE key = ?", (key,)).fetchall()
                if (number,) not in found:
                    raise damaged(path, f"does not find {strategy.customer_id} by its key")
        (keys,) = connection.execute("SELECT count(*) FROM keys").fetchone()
    except (sqlite3.Error, msgspec.MsgspecError) as error:
        raise damaged(path, f"cannot be read back ({error})") from error
    finally:
        connection.close()
    if (count, keys, checksum.hexdigest()) != (header.customers, header.keys, header.checksum):
        raise damaged(path, "does not hold what its header says")
    if expected is not None and header != expected:
        raise damaged(path, "has another header than was written")
    return header
