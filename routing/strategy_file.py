"""The strategy set as one read-only SQLite file: its form, its header, and whether it is whole.

Tables: `header` (one row, JSON), `strategies(number, body)` with one MessagePack array a customer,
`answers(number, body)` with the ready-made part of each one's answer, `vectors(number, body)` with
what was known of each customer, and `keys(key, number)` sorted, without row ids. Bodies are only
decoded when asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

import msgspec

from routing.defaults import PartnerDefaults
from routing.errors import StrategyFileDamagedError
from routing.index_secret import SECRET_FILE, fingerprint, read_secret
from routing.offers import Offer
from routing.strategy import Strategy
from routing.strategy_index import Keys
from routing.strategy_pointer import file_of, go_back, labels, point_at, read_pointer

FORMAT = "callworth-strategies/3"
_EVERYTHING = (
    "SELECT number, strategies.body, answers.body, coalesce(vectors.body, x'')"
    " FROM strategies JOIN answers USING (number) LEFT JOIN vectors USING (number)"
)
SAMPLED = 997  # every so-manieth strategy is looked up by its key when a file is verified


class Header(msgspec.Struct, frozen=True):
    """What a strategy file says of itself; `cuts` are the value thresholds, by partner.

    A threshold of None is one that nobody reaches. `offers` are each partner's, as they stood then;
    `features` names the values of the vectors, which hold what was known at `as_of`.
    `secret` is the fingerprint of the folder's secret, by which the keys were made.
    """

    format: str
    label: str
    model_set: str
    formed_at: datetime
    defaults: dict[str, PartnerDefaults]
    cuts: dict[str, tuple[float | None, ...]] = {}
    customers: int = 0
    keys: int = 0
    checksum: str = ""
    offers: dict[str, tuple[Offer, ...]] = {}
    features: tuple[str, ...] = ()
    as_of: datetime | None = None
    secret: str = ""

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners of the set, in order."""
        return tuple(self.defaults)


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


def keys_for(path: Path, header: Header) -> Keys:
    """Return the maker of the file's keys; StrategyFileDamagedError for another secret's."""
    secret = read_secret(path.parent)
    if fingerprint(secret) != header.secret:
        raise damaged(path, f"was written with another {SECRET_FILE} than lies beside it")
    return Keys(secret)


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
        made = keys_for(path, header)
        checksum = blake2b(digest_size=16)
        count = 0
        decoder = msgspec.msgpack.Decoder(Strategy)
        find = connection.cursor()
        for number, body, *beside in connection.execute(_EVERYTHING):
            count += 1
            for part in (body, *beside):
                checksum.update(part)
            if number % SAMPLED == 1:
                strategy = decoder.decode(body)
                key = made.customer(strategy.customer_id)
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


class KeptSet(msgspec.Struct, frozen=True):
    """A strategy set that lies in the folder; `published` is true for the one in force."""

    label: str
    published: bool
    customers: int
    model_set: str
    formed_at: datetime


def header_of(path: Path) -> Header:
    """Return the header of a strategy file, or raise StrategyFileDamagedError."""
    try:
        connection = connect(path)
    except sqlite3.Error as error:
        raise damaged(path, f"cannot be opened ({error})") from error
    try:
        return read_header(connection, path)
    finally:
        connection.close()


def kept(folder: Path) -> list[KeptSet]:
    """Return the sets in the folder, newest first; StrategyFileDamagedError for a bad one."""
    pointer = read_pointer(folder)
    current = pointer.label if pointer else None
    headers = [header_of(folder / file_of(label)) for label in reversed(labels(folder))]
    return [
        KeptSet(h.label, h.label == current, h.customers, h.model_set, h.formed_at) for h in headers
    ]


def rollback(folder: Path) -> str:
    """Put the set before in force again, once it is read back whole; returns its label.

    Raises StrategySetNotFoundError where there is none before.
    """
    label, older = go_back(folder)
    verify(folder / file_of(label))
    point_at(folder, label, previous=older)
    return label
