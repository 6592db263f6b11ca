"""The file of the decision log: its tables, what a row is, and how one is added."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import Enum
from operator import attrgetter
from pathlib import Path

from serving.errors import DecisionUnknownError, OutcomeConflictError, ServingError

_BUSY_SECONDS = 5.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
  decision_id TEXT PRIMARY KEY, contact_id TEXT NOT NULL, partner TEXT,
  customer_id TEXT, identified_by TEXT, decided_at TEXT NOT NULL, source TEXT NOT NULL, why TEXT,
  value_group TEXT, queue TEXT NOT NULL, offer_id TEXT, arm TEXT NOT NULL,
  probability REAL NOT NULL, strategy_set TEXT, model_set TEXT, asked_by TEXT NOT NULL,
  microseconds INTEGER NOT NULL, request TEXT NOT NULL, answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS decisions_by_time ON decisions (decided_at);
CREATE TABLE IF NOT EXISTS outcomes (
  decision_id TEXT NOT NULL REFERENCES decisions, offer_id TEXT NOT NULL,
  accepted INTEGER NOT NULL, revenue REAL, occurred_at TEXT NOT NULL, received_at TEXT NOT NULL,
  PRIMARY KEY (decision_id, offer_id)
) WITHOUT ROWID;
"""

_ADD_DECISION = f"INSERT OR IGNORE INTO decisions VALUES ({', '.join('?' * 19)})"
_ADD_OUTCOME = "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One decision with everything that it rested on; fields are the table's columns, in order."""

    decision_id: str
    contact_id: str
    partner: str | None
    customer_id: str | None
    identified_by: str | None
    decided_at: datetime
    source: str
    why: str | None
    value_group: str | None
    queue: str
    offer_id: str | None
    arm: str
    probability: float
    strategy_set: str | None
    model_set: str | None
    asked_by: str
    microseconds: int
    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class LoggedOutcome:
    """What came of one offer of one decision; `revenue` is margin in money, None if unknown."""

    decision_id: str
    offer_id: str
    accepted: bool
    revenue: float | None
    occurred_at: datetime
    received_at: datetime


class Stored(Enum):
    """What became of an outcome that was taken."""

    NEW = "stored"
    REPEATED = "stored_before"


def open_log(file: Path) -> sqlite3.Connection:
    """Return a connection to the log, made if it is not there, in WAL mode."""
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a commit outlives a loss of power
    connection.executescript(SCHEMA)
    return connection


def add_outcome(connection: sqlite3.Connection, outcome: LoggedOutcome) -> Stored | ServingError:
    """Add an outcome; return what became of it, or the error to give to who sent it."""
    pair = (outcome.decision_id, outcome.offer_id)
    if not connection.execute("SELECT 1 FROM decisions WHERE decision_id = ?", pair[:1]).fetchone():
        return DecisionUnknownError(
            f"There is no decision '{outcome.decision_id}' in the log.",
            fix="Send the decision_id of the answer that was given for this contact.",
        )
    row = _outcome_row(outcome)
    found = connection.execute(
        "SELECT * FROM outcomes WHERE decision_id = ? AND offer_id = ?", pair
    ).fetchone()
    if found is None:
        connection.execute(_ADD_OUTCOME, row)
        return Stored.NEW
    if tuple(found)[:-1] == row[:-1]:  # all but the time of receipt
        return Stored.REPEATED
    return OutcomeConflictError(
        f"The outcome of offer '{outcome.offer_id}' in decision '{outcome.decision_id}' was"
        f" stored before with accepted={'true' if found[2] else 'false'}, revenue={found[3]},"
        f" occurred_at={found[4]}.",
        fix="An outcome is stored once: repeat it unchanged, or leave it.",
    )


_values = attrgetter(*(field.name for field in fields(LoggedDecision)))


def add_decision(connection: sqlite3.Connection, decision: LoggedDecision) -> None:
    """Add a decision; one that is there already stays as it is."""
    connection.execute(_ADD_DECISION, _decision_row(decision))


def _decision_row(entry: LoggedDecision) -> tuple[object, ...]:
    return tuple(_text(part) if isinstance(part, datetime) else part for part in _values(entry))


def _outcome_row(outcome: LoggedOutcome) -> tuple[object, ...]:
    return (
        outcome.decision_id,
        outcome.offer_id,
        int(outcome.accepted),
        outcome.revenue,
        _text(outcome.occurred_at),
        _text(outcome.received_at),
    )


def _text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
