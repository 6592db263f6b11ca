"""Reading a decision log from the side: page by page, while the server goes on writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.errors import DataNotFoundError
from routing.drawing import fraction_of
from serving.log_entry import LoggedDecision, instant_text

# A page is read in one go: a reader that stays keeps the log's journal from being taken over.
_PAGE = 1_000
_FIRST, _LAST = "", "~"  # before and after every instant in ISO 8601


class LogUnreadableError(DataNotFoundError):
    """The file is no decision log, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Period:
    """The half-open time [since, until) that is read; None is without bound."""

    since: datetime | None = None
    until: datetime | None = None

    def as_texts(self) -> tuple[str, str]:
        """Return both ends as the log writes instants."""
        return (
            instant_text(self.since) if self.since is not None else _FIRST,
            instant_text(self.until) if self.until is not None else _LAST,
        )


ALWAYS = Period()


class LogReading:
    """Reads one log; it never writes to it, and an older file without newer columns will do."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            raise DataNotFoundError(
                f"There is no decision log at '{file}'.",
                fix="Name the log of a home, such as HOME/log/decisions.sqlite.",
            )
        self._file = file
        with closing(self._connect()) as connection:
            has = {row[1] for row in _read(connection, "PRAGMA table_info(decisions)")}
        if "decision_id" not in has:
            raise LogUnreadableError(
                f"'{file}' is no decision log: it has no table of decisions.",
                fix="Name the log of a home, such as HOME/log/decisions.sqlite.",
            )
        names = LoggedDecision.__struct_fields__
        self._columns = ", ".join(one if one in has else f"NULL AS {one}" for one in names)

    def decision(self, decision_id: str) -> LoggedDecision | None:
        """Return one decision, or None."""
        sql = f"SELECT {self._columns} FROM decisions WHERE decision_id = ?"
        with closing(self._connect()) as connection:
            rows = _read(connection, sql, (decision_id,))
        return LoggedDecision(*rows[0]) if rows else None

    def count(self, period: Period) -> int:
        """Return how many decisions the period has."""
        sql = "SELECT count(*) FROM decisions WHERE decided_at >= ? AND decided_at < ?"
        with closing(self._connect()) as connection:
            return int(_read(connection, sql, period.as_texts())[0][0])

    def decisions(self, period: Period) -> Iterator[LoggedDecision]:
        """Yield the decisions of the period in the order of time, in bounded memory."""
        since, until = period.as_texts()
        after = (since, "")
        sql = (
            f"SELECT {self._columns} FROM decisions"
            " WHERE decided_at >= ? AND (decided_at, decision_id) > (?, ?) AND decided_at < ?"
            f" ORDER BY decided_at, decision_id LIMIT {_PAGE}"
        )
        with closing(self._connect()) as connection:
            while rows := _read(connection, sql, (after[0], *after, until)):
                yield from (LoggedDecision(*row) for row in rows)
                after = (rows[-1][5], rows[-1][0])

    def record_of(self, in_force_id: str) -> bytes | None:
        """Return the record of what was in force, or None where the log has none."""
        with closing(self._connect()) as connection:
            tables = _read(connection, "SELECT 1 FROM sqlite_master WHERE name = 'in_force'")
            sql = "SELECT body FROM in_force WHERE in_force_id = ?"
            rows = _read(connection, sql, (in_force_id,)) if tables else []
        return str(rows[0][0]).encode() if rows else None

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._file.resolve().as_uri()}?mode=ro", uri=True)


def _read(
    connection: sqlite3.Connection, sql: str, values: tuple[object, ...] = ()
) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.DatabaseError as error:
        raise LogUnreadableError(
            f"The decision log cannot be read: {error}.",
            fix="Name the log of a home, such as HOME/log/decisions.sqlite.",
        ) from error


def is_drawn(contact_id: str, *, share: float) -> bool:
    """Return whether a contact belongs to a sample of this share; always the same ones."""
    return fraction_of(f"sample\x1f{contact_id}") < share
