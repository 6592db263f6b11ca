"""Forming under limits: who is offered what, so that the money added within them is greatest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.progress import Track, silent
from pipelines.allocation_batches import VIEW, Columns, add_view, batch_of
from pipelines.contact_habits import Habits, learn_habits
from pipelines.limits_reports import keep_refusal, remove_limits, write_limits
from pipelines.population_scores import ROWS_AT_ONCE
from routing.allocation.batch import CustomerBatch, Flags
from routing.allocation.batch_file import read_batch, write_batch
from routing.allocation.choose import allocate
from routing.allocation.errors import InfeasibleLimitsError, LimitsNotMetError
from routing.allocation.exploration import expected_cost
from routing.allocation.kept import Kept
from routing.allocation.limits import Limits
from routing.allocation.limits_file import FILE, Known, read_limits
from routing.allocation.problem import Problem, held_back
from routing.allocation.rule import STANDINGS, Standing
from routing.allocation.survey import survey
from routing.allotment import Allotment, takes_of
from routing.exploration import Exploration
from routing.forming import Rules
from routing.offers import Offer
from routing.strategy_writer import Published
from routing.value_groups import group_name
from serving.pages.limits_report import Exploring, refusal_path

# What exploring would cost is told for this share; it grows with the share alike.
TOLD_SHARE = 0.02


@dataclass
class UnderLimits:
    """An allocation for all customers, and what each batch of them gets of it.

    It sums up, batch by batch, what choosing at random on a share of contacts would cost.
    """

    home: Path
    kept: Kept
    habits: Habits
    columns: Columns
    rules: Mapping[str, Rules]
    _exploring: Exploring = field(default_factory=lambda: Exploring(TOLD_SHARE, 0.0, 0.0))

    view = VIEW

    def allotment(self, rows: pa.RecordBatch, *, partner: str) -> Allotment:
        """Return how each offer of the partner stands with the customers of these rows."""
        rules, rule = self.rules[partner], self.kept.allocation.rule
        batch = _batch(rows, rules, self.columns, rule.problem.limits, self.habits)
        standings, held = rule.standings(batch), held_back(batch, problem=rule.problem)
        exempt = batch.asked_not_to | np.asarray(rows.column("vulnerable"), dtype=bool)
        self._explore(batch, standings, may=batch.eligible & ~held, exempt=exempt)
        return Allotment(
            standings[:, self.columns.of[partner]],
            held[:, self.columns.of[partner]],
            takes_of(rule.problem, offers=rules.offers, prices=rule.prices),
        )

    def _explore(
        self, batch: CustomerBatch, standings: NDArray[np.int8], *, may: Flags, exempt: Flags
    ) -> None:
        presented = standings == STANDINGS.index(Standing.PRESENT)
        cost, contacts = expected_cost(
            batch.added_value,
            policy=np.where(presented.any(axis=1), presented.argmax(axis=1), -1).astype(float),
            open_offers=may,
            exempt=exempt,
            contacts=batch.contacts,
            exploration=Exploration(TOLD_SHARE),
        )
        so_far = self._exploring
        self._exploring = Exploring(TOLD_SHARE, so_far.cost + cost, so_far.contacts + contacts)

    def write(self, published: Published, *, formed_at: datetime, model_set: str) -> None:
        """Write the report on the limits, and beside it what a what-if is asked of."""
        write_limits(
            self.home,
            self.kept,
            strategy_set=published.label,
            model_set=model_set,
            formed_at=formed_at,
            exploring=self._exploring,
        )


def under_limits(
    connection: duckdb.DuckDBPyConnection,
    *,
    home: Path,
    rules: Mapping[str, Rules],
    as_of: datetime,
    bench: Path,
    track: Track = silent,
) -> UnderLimits | None:
    """Return the allocation of all customers of `scored` under HOME/limits.toml, None without it.

    `bench` is a folder for what is only needed during the run. The contact history says how
    often a customer is expected to contact us. Raises LimitsFileError, and InfeasibleLimitsError
    or LimitsNotMetError, which are kept for the page.
    """
    path = home / FILE
    refusal_path(home).unlink(missing_ok=True)
    if not path.is_file():
        remove_limits(home)
        return None
    limits = read_limits(path, known=known_of(rules))
    habits = learn_habits(connection, as_of=as_of, horizon_days=limits.horizon_days)
    columns = Columns.united({partner: rule.offers for partner, rule in rules.items()})
    add_view(connection, columns=columns)
    problem = Problem(columns.offers, limits, habits.presentation_minutes)
    files = _written(connection, rules, columns, limits, habits, bench=bench, track=track)
    try:
        found = allocate(lambda: map(read_batch, files), problem=problem)
    except (InfeasibleLimitsError, LimitsNotMetError) as error:
        keep_refusal(home, error, at=next(iter(rules.values())).formed_at)
        raise
    seen = survey(lambda: map(read_batch, files), offers=len(columns.offers))
    return UnderLimits(home, Kept(seen, found), habits, columns, rules)


def known_of(rules: Mapping[str, Rules]) -> Known:
    """Return the names that a limits file may use."""
    offers: dict[str, Offer] = {
        offer.offer_id: offer for rule in rules.values() for offer in rule.offers
    }
    groups = max(len(rule.cuts) + 1 for rule in rules.values())
    return Known(
        offers=tuple(offers),
        licences=sorted({offer.licence for offer in offers.values()}),
        pools=tuple(group_name(number) for number in range(groups)),
        partners=tuple(rules),
    )


def _written(
    connection: duckdb.DuckDBPyConnection,
    rules: Mapping[str, Rules],
    columns: Columns,
    limits: Limits,
    habits: Habits,
    *,
    bench: Path,
    track: Track,
) -> list[Path]:
    """Write all customers as batches, so that going through them again costs reading alone."""
    folder = bench / "allocation"
    folder.mkdir()
    files: list[Path] = []
    ((total,),) = connection.execute("SELECT count(*) FROM scored").fetchall()
    with track("prepare allocation", total=total, unit="customers") as done:
        for partner, rule in rules.items():
            for rows in rows_of(connection, view=VIEW, partner=partner):
                files.append(folder / f"{len(files):06d}.npz")
                write_batch(files[-1], _batch(rows, rule, columns, limits, habits))
                done(rows.num_rows)
    return files


def _batch(
    rows: pa.RecordBatch, rules: Rules, columns: Columns, limits: Limits, habits: Habits
) -> CustomerBatch:
    return batch_of(
        rows, rules=rules, columns=columns, limits=limits, weekday_shares=habits.weekday_shares
    )


def rows_of(
    connection: duckdb.DuckDBPyConnection, *, view: str, partner: str
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one partner in a view, batch by batch."""
    reader = connection.sql(
        f"SELECT * FROM {view} WHERE partner = ?", params=[partner]
    ).to_arrow_reader(ROWS_AT_ONCE)
    yield from reader
