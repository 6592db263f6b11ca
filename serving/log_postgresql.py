"""The decision log in a PostgreSQL database: the same tables, a group of entries in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from serving.errors import SettingsError
from serving.log_entry import Gap, LoggedDecision, LoggedOutcome, Stored
from serving.log_outcomes import already_stored, outcome_row, unknown
from serving.log_schema import DECISION_COLUMNS, POSTGRESQL_SCHEMA
from serving.log_store import Answer, Fault, Group

if TYPE_CHECKING:
    import psycopg

PREFIXES = ("postgresql://", "postgres://")
_TIMEOUT_SECONDS = 5
_LOCK = 0x63616C6C  # any number, the same for all: workers make the tables one after the other

# One array a column: one statement a group, whatever the number of its rows.
_TYPES = {"probability": "float8", "microseconds": "int8"}
_ARRAYS = ", ".join(f"%s::{_TYPES.get(name, 'text')}[]" for name in DECISION_COLUMNS)
_ADD_DECISIONS = (
    f"INSERT INTO decisions ({', '.join(DECISION_COLUMNS)}) SELECT * FROM unnest({_ARRAYS})"
    " ON CONFLICT (decision_id) DO NOTHING"
)
_ADD_OUTCOME = "INSERT INTO outcomes VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_FIND_OUTCOME = "SELECT * FROM outcomes WHERE decision_id = %s AND offer_id = %s"
_ADD_IN_FORCE = "INSERT INTO in_force VALUES (%s, %s) ON CONFLICT DO NOTHING"


class PostgresqlLog:
    """A log in a database that a house runs anyway; needs the extra `postgresql` (psycopg)."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    @property
    def name(self) -> str:
        """What to call it in a message: the address without its password.

        A password may hold any character where it was not encoded, and stand behind a `?` too.
        """
        scheme, _, rest = self._address.partition("://")
        said, at, place = rest.rpartition("@")
        if "?" in said:  # nobody can tell where the password ends
            return f"The log {scheme}://..."
        return f"The log {scheme}://{said.partition(':')[0]}{at}{place.partition('?')[0]}"

    def write(self, group: Group) -> list[Answer]:
        """Write a group in one commit; when this returns the database has it on disk."""
        connection = self._connection or self._open()
        with connection.transaction(), connection.cursor() as cursor:
            for in_force_id, body in group.in_force.items():
                cursor.execute(_ADD_IN_FORCE, (in_force_id, body.decode()))
            _add_gaps(cursor, group.gaps)
            if group.decisions:
                cursor.execute(_ADD_DECISIONS, _columns(group.decisions))
            return [_add_outcome(cursor, outcome) for outcome in group.outcomes]

    def fault(self, error: Exception) -> Fault:
        """Return what an error that `write` raised says."""
        import psycopg

        if isinstance(error, psycopg.errors.UndefinedTable):
            return Fault.DAMAGED
        entry = psycopg.DataError | psycopg.IntegrityError | psycopg.ProgrammingError
        if isinstance(error, entry) or not isinstance(error, psycopg.Error | OSError):
            return Fault.ENTRY
        return Fault.PLACE

    def begin_anew(self) -> str:
        """Return what became of tables that are not there any more; the next group makes them."""
        return "The log's tables were taken away; new ones were begun."

    def close(self) -> None:
        """Let go of the database; the next group opens it again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def end(self, *, all_written: bool) -> None:
        """Let go of the database for good."""
        self.close()

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        import psycopg

        connection = psycopg.connect(
            self._address, connect_timeout=_TIMEOUT_SECONDS, autocommit=True
        )
        try:
            connection.execute("SET synchronous_commit = on")  # a commit outlives a loss of power
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                connection.execute(POSTGRESQL_SCHEMA)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection


def postgresql_log(address: str) -> PostgresqlLog:
    """Return the log at an address; SettingsError where it is none, or psycopg is not installed."""
    try:
        import psycopg  # to say it at the start, not with the first decision
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise SettingsError(
            "A log in PostgreSQL needs psycopg, which is not installed.",
            fix="Install the extra: pip install 'callworth[postgresql]'.",
        ) from None
    try:
        host = str(conninfo_to_dict(address).get("host", ""))
    except psycopg.ProgrammingError:
        host = "@"
    if "@" in host:  # what PostgreSQL says of it would show a part of the password
        raise SettingsError(
            "CALLWORTH_LOG is no address that PostgreSQL can read.",
            fix="Write what is special in the password by its code, such as %40 for @.",
        )
    return PostgresqlLog(address)


def _columns(decisions: Sequence[LoggedDecision]) -> list[list[Any]]:
    return [[_storable(getattr(one, name)) for one in decisions] for name in DECISION_COLUMNS]


def _storable(value: Any) -> Any:
    # PostgreSQL has no text with a zero in it.
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _add_gaps(cursor: psycopg.Cursor[tuple[Any, ...]], gaps: Sequence[Gap]) -> None:
    for gap in gaps:
        values = (gap.began_at, gap.ended_at, gap.decisions, _storable(gap.why))
        cursor.execute("INSERT INTO gaps VALUES (%s, %s, %s, %s)", values)


def _add_outcome(cursor: psycopg.Cursor[tuple[Any, ...]], outcome: LoggedOutcome) -> Answer:
    row = tuple(_storable(value) for value in outcome_row(outcome))
    cursor.execute("SELECT 1 FROM decisions WHERE decision_id = %s", row[:1])
    if cursor.fetchone() is None:
        return unknown(outcome)
    cursor.execute(_ADD_OUTCOME, row)
    if cursor.rowcount:
        return Stored.NEW
    cursor.execute(_FIND_OUTCOME, row[:2])
    found = cursor.fetchone()
    return already_stored(found, row) if found is not None else unknown(outcome)
