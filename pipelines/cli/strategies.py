"""The verbs on strategies, and the report for marketing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from features.errors import DataNotFoundError
from models.model_choice import ModelChoice
from pipelines.cli.options import AsJson, AsOf, Home, Tables, warn_if_unchecked
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace

app = typer.Typer(
    help="Form, publish, show and compare what is decided for every customer.",
    no_args_is_help=True,
)


@app.command("form")
def form(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    valid_days: Annotated[
        int, typer.Option(min=1, help="After so many days a strategy has expired.")
    ] = 7,
    model_choice: Annotated[
        ModelChoice,
        typer.Option(help="Whose model scores a customer: its stage's, or that of importance."),
    ] = ModelChoice.STAGE,
    as_json: AsJson = False,
) -> None:
    """Form a strategy for every customer with the champion, and publish them all at once."""
    from models import registry
    from pipelines.cli.limits_shown import say_what_binds
    from pipelines.strategise import form_strategies
    from serving.pages.limits_report import limits_file, limits_path

    screen, space = Screen(as_json), Workspace(home)
    source = space.source(tables)
    warn_if_unchecked(source, space=space, screen=screen)
    champion = registry.current(home)
    if champion is None:
        raise DataNotFoundError(
            "No model set is promoted yet.", fix="Run `callworth train`, then `callworth promote`."
        )
    published = form_strategies(
        home,
        tables=source,
        model_set_folder=champion,
        as_of=space.as_of(source, as_of),
        formed_at=datetime.now(UTC),
        valid_for=timedelta(days=valid_days),
        model_choice=model_choice,
        track=screen.track,
    )
    screen.done(f"strategy set {published.label}: {published.customers:,} customers, published")
    limits = limits_file(home).latest() if limits_path(home).exists() else None
    if limits is not None:
        say_what_binds(screen, limits)
    screen.result({"strategy_set": published.label, "published": published, "limits": limits})


@app.command("show")
def show(
    customer: Annotated[str, typer.Argument(help="The customer_id.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Show what is decided for one customer, and why."""
    from pipelines import strategy_changes

    screen = Screen(as_json)
    shown = strategy_changes.show(home, customer)
    screen.plain(shown.text)
    screen.result(shown.facts)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="Label of a strategy set, such as 2026-11-22.1.")],
    new: Annotated[str, typer.Argument(help="Label of a strategy set.")],
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Compare two strategy sets: who moved group, which offers changed, what it is worth."""
    from pipelines import strategy_changes

    screen = Screen(as_json)
    found = strategy_changes.diff(home, old, new)
    screen.plain(found.text)
    screen.result(found.facts)


@app.command("list")
def list_sets(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """List the strategy sets that are kept, and which one is published."""
    from routing.strategy_file import kept

    screen = Screen(as_json)
    sets = kept(home / "strategies")
    screen.table(
        "Strategy sets",
        ["label", "published", "customers", "model set", "formed"],
        [[s.label, s.published, s.customers, s.model_set, s.formed_at] for s in sets],
    )
    screen.result({"strategy_sets": sets})


@app.command("rollback")
def rollback(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Publish the strategy set before the current one again."""
    from routing.strategy_file import rollback as go_back

    screen = Screen(as_json)
    label = go_back(home / "strategies")
    screen.done(f"strategy set {label} is published again")
    screen.result({"strategy_set": label})


def report(
    home: Home = DEFAULT_HOME, tables: Tables = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Measure what each offer adds, and prepare the pages that marketing reads."""
    from pipelines.report import write_report

    screen, space = Screen(as_json), Workspace(home)
    source = space.source(tables)
    warn_if_unchecked(source, space=space, screen=screen)
    path = write_report(home, tables=source, as_of=space.as_of(source, as_of), track=screen.track)
    screen.done(f"what each offer adds: {path}")
    screen.result({"report": str(path)})
