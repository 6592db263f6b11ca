"""What was answered lately: a contact that asks the same again gets the same answer.

A bounded memory in each worker comes first; behind it a small file that the workers of one
machine share, in which the first answer to a question stays. Without the file the memory goes on.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import msgspec

from routing.answer import Decision
from routing.contact import Contact

FILE = "answered.sqlite"
LIFE = timedelta(hours=1)
# An answer takes about 2 KiB: the memory of one worker stays under 10 MiB.
MOST_REMEMBERED = 4_096
# Old answers leave the file after so many new ones.
_TRIM_EVERY = 512
# Workers take turns; whoever waits for an answer is freed by its deadline, not by this.
_BUSY_SECONDS = 1.0
_BEGIN_SECONDS = 0.02

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;  -- what a loss of power takes is asked anew
PRAGMA secure_delete = ON;  -- an answer names a customer: it goes without a trace
CREATE TABLE IF NOT EXISTS answered (
  question BLOB NOT NULL PRIMARY KEY, answered_at REAL NOT NULL, answer BLOB NOT NULL
) WITHOUT ROWID;
"""
_FIND = "SELECT answer FROM answered WHERE question = ? AND answered_at BETWEEN ? AND ?"
# An answer whose life is over gives way.
_KEEP = (
    "INSERT INTO answered VALUES (?, ?, ?) ON CONFLICT (question) DO UPDATE"
    " SET answered_at = excluded.answered_at, answer = excluded.answer"
    " WHERE answered_at < ?"
)
_TRIM = "DELETE FROM answered WHERE answered_at < ?"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Decision).decode


def question_of(contact: Contact) -> bytes:
    """Return what was asked as bytes, without the deadline: alike for a message sent twice."""
    return _encode(msgspec.structs.replace(contact, deadline_ms=None))


def key_of(question: bytes, *, asked_by: str) -> bytes:
    """Return the key of a question from one asker."""
    return blake2b(asked_by.encode() + b"\x1f" + question, digest_size=16).digest()


class Answered:
    """The answers of one life by their keys; `file` is what the workers share."""

    def __init__(
        self, file: Path, *, life: timedelta = LIFE, most_remembered: int = MOST_REMEMBERED
    ) -> None:
        self._file = file
        self._life = life
        self._most = most_remembered
        self._memory: OrderedDict[bytes, tuple[datetime, Decision]] = OrderedDict()
        self._local = threading.local()
        self._kept = 0

    def __len__(self) -> int:
        return len(self._memory)

    def recall(self, key: bytes, *, now: datetime) -> Decision | None:
        """Return this worker's own answer, if it is not older than its life."""
        found = self._memory.get(key)
        if found is None or not now - self._life <= found[0] <= now:
            return None
        return found[1]

    def remember(self, key: bytes, decision: Decision, *, now: datetime) -> None:
        """Hold an answer in memory; the oldest one goes where there is no more room."""
        self._memory[key] = (now, decision)
        self._memory.move_to_end(key)
        while len(self._memory) > self._most:
            self._memory.popitem(last=False)

    def look_up(self, key: bytes, *, now: datetime) -> Decision | None:
        """Return the answer in the file, such as another worker's. Call it from a thread."""
        try:
            since = (now - self._life).timestamp()
            row = self._open().execute(_FIND, (key, since, now.timestamp())).fetchone()
            return _decode(row[0]) if row is not None else None
        except (sqlite3.Error, OSError, msgspec.MsgspecError):
            self._let_go()
            return None

    def keep(self, key: bytes, decision: Decision, *, now: datetime) -> Decision:
        """Put an answer into the file and return the one that stays. Call it from a thread."""
        oldest = (now - self._life).timestamp()
        try:
            connection = self._open()
            row = (key, now.timestamp(), _encode(decision), oldest)
            if connection.execute(_KEEP, row).rowcount == 0:
                return self.look_up(key, now=now) or decision
            self._kept += 1
            if self._kept % _TRIM_EVERY == 1:
                connection.execute(_TRIM, (oldest,))
        except (sqlite3.Error, OSError):
            self._let_go()
        return decision

    def _open(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and _place_of(self._file) == self._local.place:
            return connection
        self._let_go()  # deleted under us: what is written now would go where nobody finds it
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        connection = sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None)
        self._local.connection, self._local.place = connection, _place_of(self._file)
        _begin(connection)
        return connection

    def _let_go(self) -> None:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()


def _begin(connection: sqlite3.Connection) -> None:
    """Make the table; turning to WAL fails at once while another worker does, so it is retried."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.executescript(_SCHEMA)
            return
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(_BEGIN_SECONDS)


def _place_of(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None
