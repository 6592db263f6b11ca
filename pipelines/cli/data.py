"""The verbs on raw data: generate, check, features."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, AsOf, Home, Tables, instant, warn_if_unchecked
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace

if TYPE_CHECKING:
    from features.check_report import CheckReport

END_OF_GENERATED_DATA = datetime(2026, 11, 1, tzinfo=UTC)


def generate(
    customers: Annotated[int, typer.Option(min=100, help="How many customers.")] = 50_000,
    partners: Annotated[int, typer.Option(min=1, max=20, help="How many partners.")] = 2,
    months: Annotated[int, typer.Option(min=6, max=60, help="How many months of history.")] = 24,
    seed: Annotated[int, typer.Option(help="Same seed, same history.")] = 7,
    until: Annotated[
        datetime, typer.Option(parser=instant, metavar="TIME", help="Where the history ends, UTC.")
    ] = END_OF_GENERATED_DATA,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Generate an insurer: every table of the data contract, with a known truth beside it."""
    from pipelines.insurer import generate as generate_insurer

    screen, started = Screen(as_json), time.perf_counter()
    root = generate_insurer(
        Workspace(home).tables,
        customers=customers,
        partners=partners,
        months=months,
        seed=seed,
        until=until,
        track=screen.track,
    )
    seconds = time.perf_counter() - started
    screen.done(f"{customers:,} customers over {months} months in {root} ({seconds:.1f} s)")
    screen.result({"tables": str(root), "customers": customers, "seconds": seconds})


def check(
    path: Annotated[
        Path | None,
        typer.Argument(help="A folder of Parquet or CSV, or a DuckDB file. [HOME/tables]"),
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Exit 1 above this share of bad rows.")
    ] = 0.01,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Check every row against the data contract; bad rows go to quarantine, good ones go on."""
    from features.check import check as check_tables

    screen, space = Screen(as_json), Workspace(home)
    report = check_tables(
        path or space.tables, quarantine=space.quarantine, share=share, track=screen.track
    )
    show_check(report, screen=screen)
    screen.result({"check": report, "exit_code": report.exit_code})
    raise typer.Exit(report.exit_code)


def show_check(report: CheckReport, *, screen: Screen) -> None:
    """Print rows and bad rows per table, then what to mend, most frequent first."""
    screen.table(
        f"Checked {report.path}",
        ["table", "rows", "bad rows"],
        [[table.table, table.rows, table.bad_rows] for table in report.tables],
    )
    found = [(table.table, fault) for table in report.tables for fault in table.faults]
    for table, fault in sorted(found, key=lambda pair: -pair[1].rows):
        screen.say(
            f"  [yellow]{table}.{fault.column}[/yellow] {fault.rows:,} rows: {fault.rule} "
            f"(such as {escape(repr(fault.example))}, {escape(fault.where)}). {escape(fault.fix)}"
        )
    for checked in report.tables:
        for left_aside in checked.not_checked:
            screen.say(f"  {checked.table}: not checked: {escape(left_aside)}")
    if report.erased:
        dropped = sum(report.erased.values())
        screen.say(f"  {dropped:,} rows of erased customers dropped: {', '.join(report.erased)}")
    if report.absent:
        screen.say(f"  not there: {', '.join(report.absent)}")
    if report.unknown:
        screen.say(f"  not in the data contract, not read: {escape(', '.join(report.unknown))}")
    if report.exit_code:
        screen.say(
            f"[red]✗[/red] too many bad rows in {', '.join(report.over_share)} "
            f"(above {report.share:.1%}); they are in {report.quarantine}"
        )
    else:
        kept = (
            f"; {report.bad_rows:,} bad rows are in {report.quarantine}" if report.bad_rows else ""
        )
        screen.done(f"{report.rows:,} rows checked{kept}")


def features(
    home: Home = DEFAULT_HOME, tables: Tables = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Build what was known: the training frame, and every customer as of now."""
    from features.frame import build_population, build_training

    screen, space = Screen(as_json), Workspace(home)
    source = tables or space.tables
    warn_if_unchecked(source, space=space, screen=screen)
    instant_seen = space.end_of_data(source, as_of)
    training = build_training(source, home=home, as_of=instant_seen, track=screen.track)
    population = build_population(source, home=home, as_of=instant_seen, track=screen.track)
    space.remember(tables=source, as_of=instant_seen)
    screen.done(f"what was known at each contact: {training}")
    screen.done(f"every customer as of {instant_seen:%Y-%m-%d %H:%M} UTC: {population}")
    screen.result({"training": str(training), "population": str(population), "as_of": instant_seen})
