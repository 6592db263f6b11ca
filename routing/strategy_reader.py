"""Looking strategies up: an open set never changes; the reader follows the pointer to new ones."""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from routing.defaults import PartnerDefaults
from routing.errors import RoutingError
from routing.offer_states import NO_PITCHES, Pitches
from routing.strategy import Strategy
from routing.strategy_file import Header, connect, damaged, read_header
from routing.strategy_index import answer_keys, customer_key, phone_keys
from routing.strategy_pointer import POINTER, Pointer, read_pointer

CHECK_SECONDS = 1.0  # how often the pointer is looked at

_FIND = (
    "SELECT strategies.body FROM keys JOIN strategies USING (number)"
    " WHERE keys.key = ? ORDER BY keys.number LIMIT 64"
)


def _close(connections: list[sqlite3.Connection]) -> None:
    for connection in connections:
        connection.close()


class OpenSet:
    """One published set, open for reading: immutable, safe in any number of threads.

    Its connections (one a thread) close when nobody holds the set any more.
    """

    def __init__(self, path: Path, *, header: Header, first: sqlite3.Connection) -> None:
        self.path = path
        self.header = header
        # Why a look-up failed; the reader then opens the file anew.
        self.damage: str | None = None
        self._decode = msgspec.msgpack.Decoder(Strategy).decode
        self._local = threading.local()
        self._local.connection = first
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
        except RoutingError:
            connection.close()
            raise
        return cls(path, header=header, first=connection)

    @property
    def label(self) -> str:
        """The label of the set."""
        return self.header.label

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners that the set has strategies or defaults for."""
        return self.header.partners

    def defaults_of(self, partner: str | None) -> PartnerDefaults | None:
        """Return the defaults of the partner, or None where the set does not know it."""
        return self.header.defaults.get(partner) if partner is not None else None

    def pitches_of(self, partner: str) -> Pitches:
        """Return the partner's offers by id, as an agent presents them."""
        return self.header.pitches.get(partner, NO_PITCHES)

    def by_customer(self, partner: str, customer_id: str) -> Strategy | None:
        """Return the customer's strategy, or None."""
        for strategy in self._find(customer_key(partner, customer_id)):
            if strategy.customer_id == customer_id and strategy.partner == partner:
                return strategy
        return None

    def by_phone(self, partner: str, phone: str, *, name: str | None = None) -> list[Strategy]:
        """Return those who share the number (of that name, if given), the most valuable first."""
        keys = phone_keys(partner, phone, name=name)
        return _ranked(self._find(keys[-1]), partner) if keys else []

    def by_answers(
        self,
        partner: str,
        *,
        name: str | None = None,
        street: str | None = None,
        postcode: str | None = None,
    ) -> list[Strategy]:
        """Return those on whom two of the three answers agree; where all three do, only those."""
        keys = answer_keys(partner, name=name, street=street, postcode=postcode)
        agreeing: dict[str, int] = {}
        found: dict[str, Strategy] = {}
        for key in keys:
            for strategy in self._find(key):
                found[strategy.customer_id] = strategy
                agreeing[strategy.customer_id] = agreeing.get(strategy.customer_id, 0) + 1
        most = max(agreeing.values(), default=0)
        return _ranked((found[key] for key, count in agreeing.items() if count == most), partner)

    def _find(self, key: int) -> list[Strategy]:
        try:
            connection = self._connection()
            return [self._decode(body) for (body,) in connection.execute(_FIND, (key,))]
        except (sqlite3.Error, msgspec.MsgspecError, OSError) as error:
            self.damage = f"cannot be read ({error})"
            raise damaged(self.path, self.damage) from error

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = connect(self.path)
            self._local.connection = connection
            self._connections.append(connection)
        return connection


def _ranked(strategies: Iterable[Strategy], partner: str) -> list[Strategy]:
    mine = [strategy for strategy in strategies if strategy.partner == partner]
    return sorted(mine, key=lambda one: (-(one.signals.value or 0.0), one.customer_id))


class StrategyReader:
    """Gives the set in force: looks at the pointer at most once a second and follows it.

    A new set that cannot be opened is not taken: the one before stays, and `problem` says why.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self.folder = folder
        self.problem: str | None = None
        self._clock = clock
        self._check_seconds = check_seconds
        self._lock = threading.Lock()
        self._next_check = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._set: OpenSet | None = None

    @property
    def current(self) -> str | None:
        """The label of the set in force, or None."""
        found = self.snapshot()
        return found.label if found else None

    def snapshot(self) -> OpenSet | None:
        """Return the set in force, or None; never raises. Hold it for all look-ups of a contact."""
        now = self._clock()
        # The first caller looks; the others go on with what there is, unless there is nothing.
        if now >= self._next_check and self._lock.acquire(blocking=self._set is None):
            try:
                if now >= self._next_check:
                    self._next_check = now + self._check_seconds
                    self._follow()
            except Exception as error:  # whatever lies there, the set that is open still serves
                self.problem = f"{self.folder} cannot be followed: {error}."
            finally:
                self._lock.release()
        return self._set

    def close(self) -> None:
        """Let the set go; its connections close when the last look-up has ended."""
        with self._lock:
            self._set = None
            self._seen = None
            self._next_check = float("-inf")

    def _follow(self) -> None:
        try:
            state = (self.folder / POINTER).stat()
        except FileNotFoundError:  # nothing published, or withdrawn on purpose
            self._set, self._seen = None, None
            self.problem = f"No strategy set is published in {self.folder}."
            return
        except OSError as error:  # the folder is out of reach: what is open still serves
            self.problem = f"{self.folder} is out of reach: {error}."
            return
        signature = (state.st_mtime_ns, state.st_ino, state.st_size)
        mended = self._set is None or self._set.damage is None
        if signature == self._seen and self._set is not None and mended:
            self.problem = None
            return
        if not mended and self._set is not None:  # its pages may be kept: look at the file anew
            self.problem = f"{self._set.path} {self._set.damage}."
        try:
            pointer = read_pointer(self.folder)
            if pointer is not None:
                damage = self.problem if not mended else None
                self._set = OpenSet.open(self.folder / pointer.file, pointer=pointer)
                self._seen = signature
                self.problem = damage
        except RoutingError as error:
            self.problem = str(error)

    def by_customer(self, partner: str, customer_id: str) -> Strategy | None:
        """As `OpenSet.by_customer` in the set in force; None where none is."""
        found = self.snapshot()
        return found.by_customer(partner, customer_id) if found else None

    def by_phone(self, partner: str, phone: str, *, name: str | None = None) -> list[Strategy]:
        """As `OpenSet.by_phone` in the set in force; empty where none is."""
        found = self.snapshot()
        return found.by_phone(partner, phone, name=name) if found else []

    def by_answers(
        self,
        partner: str,
        *,
        name: str | None = None,
        street: str | None = None,
        postcode: str | None = None,
    ) -> list[Strategy]:
        """As `OpenSet.by_answers` in the set in force; empty where none is."""
        found = self.snapshot()
        if found is None:
            return []
        return found.by_answers(partner, name=name, street=street, postcode=postcode)
