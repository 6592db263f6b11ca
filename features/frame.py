"""The two frames: past contacts as they looked then, and every customer as of one instant.

Both run the same queries of the catalogue; only the spine, the rows asked for, differs.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import msgspec

from features.catalogue import FEATURES, PROFILE_COLUMN, VIEWS
from features.engine import Limits, ParquetSink, open_session
from features.errors import ContractError
from features.point_in_time import compute_view, joined_sql, open_round, rounds_of, rows_in
from features.progress import Track, silent
from features.quarantine import open_checked
from features.source import Source
from features.staging import staged_file

STAGE_COLUMN = f"stage.{PROFILE_COLUMN}"
TRAINING_COLUMNS = (
    *("contact_id", "customer_id", "partner", "as_of", STAGE_COLUMN),
    *("channel", "reason", "offer_id", "offer_probability", "arm"),
)
POPULATION_COLUMNS = ("customer_id", "partner", "as_of", STAGE_COLUMN)
_DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class FrameCounts:
    """How many contacts became rows of the training frame, and which tables were absent."""

    as_of: datetime
    contacts: int
    reached_an_agent: int
    rows: int
    absent_tables: tuple[str, ...]


def view_path(home: Path, *, view: str) -> Path:
    """Return where the values of a view are kept for Feast."""
    return home / "features" / "views" / f"{view}.parquet"


def build_training(
    source: Path,
    *,
    home: Path,
    as_of: datetime,
    track: Track = silent,
    limits: Limits = _DEFAULT,
) -> Path:
    """Write HOME/features/training.parquet and return its path.

    One row per contact known before `as_of` that reached an agent with a known customer:
    contact_id, customer_id, partner, as_of (when the contact occurred), stage, channel, reason,
    offer_id, offer_probability, arm, then every feature as known just before the contact. The
    views that it is joined from go to HOME/features/views/, the counts of rows beside it to
    training.json. Rows that a check of these tables set aside in HOME/quarantine are left out.

    Raises:
        DataNotFoundError: customers or contacts are not at `source`.
        ContractError: `as_of` has no zone, no contact qualifies, or a key is not unique.
    """
    tables = _open(source, home=home, as_of=as_of, needs=("customers", "contacts"))
    target = home / "features" / "training.parquet"
    with open_session(tables, spill=target.parent, limits=limits) as connection:
        counts = _training_spine(connection, tables=tables, as_of=as_of)
        with ExitStack() as stack:
            report = stack.enter_context(staged_file(target.with_suffix(".json")))
            report.write_bytes(msgspec.json.format(msgspec.json.encode(asdict(counts)), indent=2))
            views = {view.name: _sink(stack, view_path(home, view=view.name)) for view in VIEWS}
            _build(
                connection,
                frame=_sink(stack, target),
                sql=joined_sql(TRAINING_COLUMNS, order="s.as_of, s.contact_id"),
                views=views,
                track=track,
                limits=limits,
            )
    return target


def build_population(
    source: Path,
    *,
    home: Path,
    as_of: datetime,
    track: Track = silent,
    limits: Limits = _DEFAULT,
) -> Path:
    """Write HOME/features/population.parquet and return its path.

    One row per customer: customer_id, partner, as_of, stage, then every feature as known just
    before `as_of`. Customers are worked through in rounds: memory does not grow with them.

    Raises:
        DataNotFoundError: customers are not at `source`.
        ContractError: `as_of` has no zone, there is no customer, or a key is not unique.
    """
    tables = _open(source, home=home, as_of=as_of, needs=("customers",))
    target = home / "features" / "population.parquet"
    with open_session(tables, spill=target.parent, limits=limits) as connection:
        connection.execute(
            "CREATE TEMP TABLE spine AS "
            "SELECT customer_id, partner, CAST(? AS TIMESTAMPTZ) AS as_of "
            "FROM memory.main.customers",
            [as_of],
        )
        if not rows_in(connection, table="spine"):
            raise ContractError("There is no customer.", fix="Fill the table 'customers'.")
        with ExitStack() as stack:
            _build(
                connection,
                frame=_sink(stack, target),
                sql=joined_sql(POPULATION_COLUMNS, order="s.as_of"),
                views={},
                track=track,
                limits=limits,
            )
    return target


def _open(source: Path, *, home: Path, as_of: datetime, needs: tuple[str, ...]) -> Source:
    if as_of.tzinfo is None:
        raise ContractError(
            f"as_of {as_of.isoformat()} has no time zone.", fix="Pass an aware datetime, in UTC."
        )
    tables = open_checked(source, quarantine=home / "quarantine")
    tables.require(needs)
    return tables


def _sink(stack: ExitStack, target: Path) -> ParquetSink:
    return stack.enter_context(ParquetSink(stack.enter_context(staged_file(target))))


def _training_spine(
    connection: duckdb.DuckDBPyConnection, *, tables: Source, as_of: datetime
) -> FrameCounts:
    """Make table `spine` of the contacts that qualify, and count what was left out."""
    connection.execute(
        """CREATE TEMP TABLE spine AS
        SELECT k.contact_id, k.customer_id, k.partner, k.occurred_at AS as_of, k.channel,
          k.reason, k.offer_id, k.offer_probability, k.arm
        FROM memory.main.contacts AS k
        SEMI JOIN memory.main.customers AS c ON c.customer_id = k.customer_id
        WHERE k.reached_agent AND k.known_at < ?""",
        [as_of],
    )
    ((contacts, reached),) = connection.execute(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE reached_agent) FROM memory.main.contacts "
        "WHERE known_at < ?",
        [as_of],
    ).fetchall()
    rows = rows_in(connection, table="spine")
    if not rows:
        raise ContractError(
            f"Of {contacts:,} contacts known before {as_of.isoformat()}, {reached:,} reached an "
            "agent and none of those has a customer in 'customers'.",
            fix="Pass a later as_of, or the tables that hold these customers.",
        )
    absent = tuple(sorted(set(_read_tables()) - tables.tables))
    return FrameCounts(as_of, contacts, reached, rows, absent)


def _read_tables() -> tuple[str, ...]:
    return tuple(table for view in VIEWS for table in view.tables)


def _build(
    connection: duckdb.DuckDBPyConnection,
    *,
    frame: ParquetSink,
    sql: str,
    views: dict[str, ParquetSink],
    track: Track,
    limits: Limits,
) -> None:
    """Work through the rounds; `views` are the sinks of views that are kept."""
    wanted = rows_in(connection, table="spine")
    written = 0
    with track("Building features", total=wanted * len(FEATURES), unit="values") as done:
        for part in rounds_of(connection, points=limits.points_per_round):
            points = open_round(connection, part)
            for view in VIEWS:
                compute_view(connection, view, points=points)
                if view.name in views:
                    views[view.name].append(connection, sql=_kept_sql(view.name, view.columns))
            rows = frame.append(connection, sql=sql)
            written += rows
            done(rows * len(FEATURES))
    if written != wanted:
        raise ContractError(
            f"The frame has {written:,} rows for {wanted:,} asked for.",
            fix="A key is not unique: run `callworth check` on these tables first.",
        )


def _kept_sql(view: str, columns: tuple[str, ...]) -> str:
    # A row is made only of what was known before its instant, so it counts as created then.
    return (
        "SELECT customer_id, as_of AS event_timestamp, as_of AS created_timestamp, "
        f"{', '.join(columns)} FROM view_{view} ORDER BY customer_id, as_of"
    )
