"""One published strategy set, open for look-ups: it never changes."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from routing.defaults import PartnerDefaults
from routing.errors import RoutingError, StrategyFileDamagedError
from routing.offer_states import NO_PITCHES, Pitch, Pitches
from routing.phones import normalised
from routing.ready import Ready, unsealed
from routing.strategy import Strategy
from routing.strategy_file import Header, connect, damaged, keys_for, read_header
from routing.strategy_index import Keys
from routing.strategy_pointer import Pointer

T = TypeVar("T")

# Keys and numbers are ordered in the table itself: no sort is needed to read them in order.
_FIND, _FIND_READY = (
    f"SELECT {table}.body FROM keys CROSS JOIN {table} USING (number) WHERE keys.key = ?"
    for table in ("strategies", "answers")
)
_FIND_VECTOR = (
    "SELECT strategies.body, vectors.body FROM keys CROSS JOIN strategies USING (number)"
    " CROSS JOIN vectors USING (number) WHERE keys.key = ?"
)
_MOST_FOUND = 64  # a number that more share, such as a switchboard's, tells nobody apart


class _Whose(msgspec.Struct, frozen=True, array_like=True):
    """The beginning of a strategy: whose it is."""

    customer_id: str
    partner: str


_decode_whose = msgspec.msgpack.Decoder(_Whose).decode


def _close(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()


class OpenSet:
    """One published set, open for reading: immutable, safe in any number of threads.

    Its connections (one a thread) close when nobody holds the set any more.
    """

    def __init__(
        self, path: Path, *, header: Header, keys: Keys, first: sqlite3.Connection
    ) -> None:
        self.path = path
        self.header = header
        self.partners = header.partners
        self._keys = keys
        self._pitches = {
            partner: {offer.offer_id: Pitch(offer.name, offer.licence) for offer in mine}
            for partner, mine in header.offers.items()
        }
        # Why a look-up failed; the reader then opens the file anew.
        self.damage: str | None = None
        self._decode = msgspec.msgpack.Decoder(Strategy).decode
        self._decode_ready = msgspec.msgpack.Decoder(Ready).decode
        self._local = threading.local()
        self._spare = [first]  # for the thread that asks first: another one may have opened it
        self._connections = [first]
        weakref.finalize(self, _close, self._connections)

    @classmethod
    def open(cls, path: Path, *, pointer: Pointer | None = None) -> OpenSet:
        """Open the file; StrategyFileDamagedError where it is not what the pointer says."""
        try:
            size = path.stat().st_size
        except OSError as error:
            raise damaged(path, "is missing") from error
        if pointer is not None and size != pointer.bytes:
            raise damaged(path, f"has {size} bytes where {pointer.bytes} were written")
        try:
            connection = connect(path)
        except sqlite3.Error as error:
            raise damaged(path, f"cannot be opened ({error})") from error
        try:
            header = read_header(connection, path)
            if pointer is not None and header.label != pointer.label:
                raise damaged(path, f"holds set {header.label}, not {pointer.label}")
            keys = keys_for(path, header)
        except RoutingError:
            connection.close()
            raise
        return cls(path, header=header, keys=keys, first=connection)

    @property
    def label(self) -> str:
        """The label of the set."""
        return self.header.label

    def defaults_of(self, partner: str | None) -> PartnerDefaults | None:
        """Return the defaults of the partner, or None where the set does not know it."""
        return self.header.defaults.get(partner) if partner is not None else None

    def pitches_of(self, partner: str) -> Pitches:
        """Return the partner's offers by id, as an agent presents them."""
        return self._pitches.get(partner, NO_PITCHES)

    def offer_ids(self, partner: str) -> tuple[str, ...]:
        """Return the ids of the partner's offers, in the catalogue's order."""
        return tuple(offer.offer_id for offer in self.header.offers.get(partner, ()))

    def by_customer(self, partner: str, customer_id: str) -> Strategy | None:
        """Return the customer's strategy, or None."""
        for strategy in self._find(self._keys.customer(customer_id)):
            if strategy.customer_id == customer_id and strategy.partner == partner:
                return strategy
        return None

    def by_phone(self, partner: str, phone: str, *, name: str | None = None) -> list[Strategy]:
        """Return those who share the number (of that name, if given), the most valuable first."""
        return _ranked(one for one in self.sharing(phone, name=name) if one.partner == partner)

    def sharing(self, phone: str, *, name: str | None = None) -> list[Strategy]:
        """Return those of all partners who share the number (of that name, if given)."""
        keys = self._keys.phone(phone, name=name)
        return self._find(keys[-1]) if keys else []

    def by_answers(
        self,
        partner: str,
        *,
        name: str | None = None,
        street: str | None = None,
        postcode: str | None = None,
    ) -> list[Strategy]:
        """Return those on whom two of the three answers agree; where all three do, only those."""
        keys = self._keys.answers(name=name, street=street, postcode=postcode)
        agreeing: dict[str, int] = {}
        found: dict[str, Strategy] = {}
        for key in keys:
            for strategy in self._find(key):
                if strategy.partner == partner:
                    found[strategy.customer_id] = strategy
                    agreeing[strategy.customer_id] = agreeing.get(strategy.customer_id, 0) + 1
        most = max(agreeing.values(), default=0)
        return _ranked(found[key] for key, count in agreeing.items() if count == most)

    def ready_by_customer(self, customer_id: str) -> list[Ready]:
        """Return the ready-made answers of all partners' customers with this id."""
        found = self._find_ready(self._keys.customer(customer_id))
        return [one for one in found if one.customer_id == customer_id]

    def ready_by_phone(self, phone: str) -> list[Ready]:
        """Return the ready-made answers of all partners' customers who share the number."""
        number = normalised(phone)
        return self._find_ready(self._keys.number(number)) if number is not None else []

    def vector_of(self, partner: str, customer_id: str) -> bytes | None:
        """Return what was known of the customer (routing.vectors), or None."""
        for body, vector in self._read(_FIND_VECTOR, self._keys.customer(customer_id)):
            whose = self._decoded(_decode_whose, body)
            if whose.customer_id == customer_id and whose.partner == partner:
                return vector
        return None

    def warm(self) -> None:
        """Read what every look-up passes through, so that the first contact does not wait."""
        self._find_ready(0)

    def _find(self, key: int) -> list[Strategy]:
        if self.damage is not None:  # strategies have no check of their own: none is believed
            raise damaged(self.path, self.damage)
        return [self._decoded(self._decode, body) for (body,) in self._read(_FIND, key)]

    def _find_ready(self, key: int) -> list[Ready]:
        """Return the answers under a key; each decision passes here, so nothing is called for."""
        decode = self._decode_ready
        try:
            rows = self._cursor().execute(_FIND_READY, (key,)).fetchmany(_MOST_FOUND)
            return [decode(unsealed(body)) for (body,) in rows]
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            raise self._damaged(error) from error

    def _read(self, find: str, key: int) -> list[tuple[bytes, ...]]:
        try:
            return self._cursor().execute(find, (key,)).fetchmany(_MOST_FOUND)
        except (sqlite3.Error, OSError) as error:
            raise self._damaged(error) from error

    def _decoded(self, decode: Callable[[bytes], T], body: bytes) -> T:
        try:
            return decode(body)
        except msgspec.MsgspecError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> StrategyFileDamagedError:
        self.damage = f"cannot be read ({error})"
        return damaged(self.path, self.damage)

    def _cursor(self) -> sqlite3.Cursor:
        """Return this thread's cursor; it serves one look-up after the other."""
        cursor: sqlite3.Cursor | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._another().cursor()
        return cursor

    def _another(self) -> sqlite3.Connection:
        try:
            return self._spare.pop()
        except IndexError:
            connection = connect(self.path)
            self._connections.append(connection)
            return connection


def _ranked(strategies: Iterable[Strategy]) -> list[Strategy]:
    return sorted(strategies, key=lambda one: (-(one.signals.value or 0.0), one.customer_id))
