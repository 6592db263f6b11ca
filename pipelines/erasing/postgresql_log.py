"""The decision log in PostgreSQL without a person: as the file, row by row, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.erasing.decision_log import TOMBSTONE
from pipelines.erasing.person import Person
from serving.log_postgresql import PREFIXES

if TYPE_CHECKING:
    import psycopg

_PAGE_ROWS = 1_000
_TEXTS = "decision_id, customer_id, contact_id, why, request, answer"
_EMPTY = (
    "UPDATE decisions SET customer_id = nullif(customer_id, %s),"
    " contact_id = 'erased-' || decision_id, why = %s, request = %s, answer = %s"
    " WHERE decision_id = %s"
)


def is_postgresql(log: str | None) -> bool:
    """Return whether the setting names a log in PostgreSQL."""
    return log is not None and log.startswith(PREFIXES)


def erase_postgresql_log(address: str, person: Person) -> int:
    """Empty every row about the person, and let the database take their room; returns how many.

    Needs the extra `postgresql`. What PostgreSQL keeps for itself (its journal, backups, standbys)
    goes by its own rules.
    """
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        if not _has_log(connection):
            return 0
        with connection.transaction():
            emptied = [_emptied(row, person) for row in _about(connection, person)]
            with connection.cursor() as cursor:
                cursor.executemany(_EMPTY, emptied)
        if emptied:
            connection.execute("VACUUM FULL decisions")
    return len(emptied)


def _has_log(connection: psycopg.Connection[Any]) -> bool:
    found = connection.execute("SELECT to_regclass('decisions')").fetchone()
    return found is not None and found[0] is not None


def _about(connection: psycopg.Connection[Any], person: Person) -> list[tuple[Any, ...]]:
    """Return the rows about the person; all are read, a page at a time."""
    with connection.cursor(name="callworth_erasing") as cursor:
        cursor.itersize = _PAGE_ROWS
        cursor.execute(f"SELECT {_TEXTS} FROM decisions")  # type: ignore[arg-type,unused-ignore]
        return [row for row in cursor if _names(row, person)]


def _names(row: tuple[Any, ...], person: Person) -> bool:
    _, customer_id, *texts = row
    if customer_id == person.customer_id:
        return True
    return any(person.finder.in_text(text) for text in texts if text is not None)


def _emptied(row: tuple[Any, ...], person: Person) -> tuple[Any, ...]:
    decision_id, _, _, why, *_ = row
    left = person.finder.without(why, put="erased") if why else why
    return person.customer_id, left, TOMBSTONE, TOMBSTONE, decision_id
