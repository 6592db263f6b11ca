"""Form a strategy for every customer and publish them as one set."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from features.errors import ContractError
from features.progress import Track, silent
from models.compiled import CompiledModelSet
from models.model_choice import ModelChoice
from models.per_caller import ByImportance, ProfileRule, by_stage
from pipelines.allocation import UnderLimits, rows_of, under_limits
from pipelines.population_scores import Scorer, open_population, score_population
from pipelines.set_reports import SetReports
from pipelines.stored_scores import customers_of
from pipelines.strategy_inputs import (
    DEFAULT_FIRST_SHARE,
    StoredValues,
    first_shares,
    offers_by_partner,
    opened,
)
from routing.defaults import standard_defaults
from routing.forming import Rules, form
from routing.offer_states import with_standings
from routing.strategy_pointer import writing_lock
from routing.strategy_writer import Published, StrategyWriter
from routing.value_groups import cuts
from serving import offers_ledger

# The same rule as routing.forming.grouping_value, where all customers are: in the session.
_SCORED = """
CREATE VIEW scored AS
SELECT s.*, c.do_not_offer, coalesce(c.vulnerable, false) AS vulnerable,
       c.phone, c.second_phone, c.name, c.street, c.postcode,
       CASE WHEN c.do_not_offer THEN 0.0 ELSE coalesce(s.value, 0.0) END AS grouping_value
FROM read_parquet('{path}') AS s JOIN customers AS c USING (customer_id, partner)
"""


def form_strategies(
    home: Path,
    *,
    tables: Path,
    model_set_folder: Path,
    as_of: datetime,
    formed_at: datetime,
    valid_for: timedelta,
    scorer: Scorer | None = None,
    model_choice: ModelChoice = ModelChoice.STAGE,
    track: Track = silent,
) -> Published:
    """Score every customer of HOME/features/population.parquet, form, verify and publish.

    `as_of` is the instant the features were built for, `formed_at` the instant of this run; both
    UTC and aware. `scorer` takes the place of the model set in the folder; `model_choice` says by
    which rule of models.per_caller a profile's models score a customer. Memory is bounded by
    the size of a batch and of the session, not by the number of customers. Left early, nothing
    is published and nothing stays behind. Raises DataNotFoundError, ContractError,
    WriterBusyError, StrategyFileDamagedError; with
    HOME/limits.toml, within which offers are then chosen, also what `under_limits` raises.
    """
    chosen = scorer or CompiledModelSet.load(model_set_folder, threads=2)
    file = open_population(home / "features" / "population.parquet", scorer=chosen, as_of=as_of)
    folder, rule = home / "strategies", _rule(model_choice, folder=model_set_folder)
    with (
        writing_lock(folder),
        _workbench(folder / ".forming") as bench,
        opened(tables, quarantine=home / "quarantine", spill=bench) as connection,
    ):
        standings = offers_ledger.standings(offers_ledger.changes(home))
        offers = {
            partner: with_standings(mine, standings=standings, formed_at=formed_at)
            for partner, mine in offers_by_partner(connection).items()
        }
        scores = bench / "scores.parquet"
        count = score_population(
            file, scorer=chosen, offers=offers, target=scores, track=track, rule=rule
        )
        connection.execute(_SCORED.format(path=str(scores).replace("'", "''")))
        _require_all(connection, count=count)
        rules = {
            partner: Rules(
                partner=partner,
                offers=mine,
                cuts=(),
                model_set=chosen.version,
                formed_at=formed_at,
                expires_at=formed_at + valid_for,
            )
            for partner, mine in offers.items()
        }
        rules = _with_cuts(connection, rules)
        limited = under_limits(
            connection, home=home, rules=rules, as_of=as_of, bench=bench, track=track
        )
        known = (chosen.features, as_of)
        return _publish(folder, connection, rules=rules, limited=limited, known=known, track=track)


def _rule(choice: ModelChoice, *, folder: Path) -> ProfileRule:
    if choice is ModelChoice.STAGE:
        return by_stage
    return ByImportance(CompiledModelSet.load(folder))


@contextmanager
def _workbench(folder: Path) -> Iterator[Path]:
    """Yield an empty folder for what is only needed during the run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_all(connection: duckdb.DuckDBPyConnection, *, count: int) -> None:
    """Raise ContractError unless each scored customer is exactly one row of customers."""
    ((joined,),) = connection.execute("SELECT count(*) FROM scored").fetchall()
    if joined != count:
        raise ContractError(
            f"The population has {count:,} customers; the customers table fits {joined:,}.",
            fix="Build the features again from the same tables, after `callworth check`.",
        )


def _with_cuts(
    connection: duckdb.DuckDBPyConnection, rules: Mapping[str, Rules]
) -> dict[str, Rules]:
    shares = first_shares(connection)
    return {
        partner: replace(
            rule,
            cuts=cuts(
                StoredValues(connection, view="scored", partner=partner),
                shares=(shares.get(partner, DEFAULT_FIRST_SHARE),),
            ),
        )
        for partner, rule in rules.items()
    }


def _publish(
    folder: Path,
    connection: duckdb.DuckDBPyConnection,
    *,
    rules: Mapping[str, Rules],
    limited: UnderLimits | None,
    known: tuple[tuple[str, ...], datetime],
    track: Track,
) -> Published:
    first, reports = next(iter(rules.values())), SetReports(folder)
    ((total,),) = connection.execute("SELECT count(*) FROM scored").fetchall()
    with (
        StrategyWriter(
            folder,
            model_set=first.model_set,
            formed_at=first.formed_at,
            defaults=[standard_defaults(partner) for partner in rules],
            cuts={partner: rule.cuts for partner, rule in rules.items()},
            offers={partner: rule.offers for partner, rule in rules.items()},
            features=known[0],
            as_of=known[1],
        ) as writer,
        track("form strategies", total=total, unit="customers") as done,
    ):
        for partner, rule in rules.items():
            view = limited.view if limited else "scored"
            for batch in rows_of(connection, view=view, partner=partner):
                customers, details = customers_of(batch, offers=rule.offers)
                allotment = limited.allotment(batch, partner=partner) if limited else None
                formed = reports.watched(form(customers, rules=rule, allotment=allotment))
                vectors = batch.column("vector").to_pylist()
                done(writer.add(zip(formed, details, strict=True), vectors=vectors))
        published = writer.publish()
    reports.write(folder.parent, published)
    if limited is not None:
        limited.write(published, formed_at=first.formed_at, model_set=first.model_set)
    return published
