"""The verb `retrain`: the whole loop, for people and for schedules."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, AsOf, Home, Tables
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace

REFUSED = 1


def retrain(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Stop above this share of bad rows.")
    ] = 0.01,
    form: Annotated[
        bool, typer.Option(help="Form and publish strategies with the new champion.")
    ] = True,
    only_if_advised: Annotated[
        bool, typer.Option(help="Ask `callworth watch` first, and stop if the champion still fits.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Same seed and data, same models.")] = 7,
    by: Annotated[str, typer.Option(help="Who decides; written to the ledger.")] = "",
    why: Annotated[str, typer.Option(help="Why; written to the ledger.")] = "retrained",
    as_json: AsJson = False,
) -> None:
    """Check, build features, train, pass the gate and form strategies; one run at a time."""
    from models.settings import TrainingSettings
    from pipelines.retrain import Order, Outcome
    from pipelines.retrain import retrain as run

    screen, space = Screen(as_json), Workspace(home)
    order = Order(
        tables=space.source(tables),
        as_of=as_of,
        now=datetime.now(UTC),
        by=by or getpass.getuser(),
        why=why,
        share=share,
        form=form,
        only_if_advised=only_if_advised,
    )
    done = run(home, order, settings=TrainingSettings(seed=seed), track=screen.track)
    for reason in done.reasons:
        screen.say(f"  ! {escape(reason)}")
    if done.outcome is Outcome.NOT_NEEDED:
        screen.done(f"champion {done.champion} still fits: nothing was trained")
        screen.result({"retrained": done})
        raise typer.Exit(0)
    for sentence in done.rules:
        mark = "[red]✗[/red]" if sentence in done.failing else "[green]✓[/green]"
        screen.say(f"  {mark} {escape(sentence)}")
    screen.say(f"  report: {escape(done.report)}")
    if done.outcome is Outcome.PROMOTED:
        formed = f"; strategy set {done.strategy_set} is published" if done.strategy_set else ""
        screen.done(f"model set {done.model_set} is the champion{formed}")
    else:
        screen.say(
            f"[red]✗[/red] model set {done.model_set} stays challenger; champion "
            f"{done.champion or 'none'} and its strategies stay"
        )
    screen.result({"retrained": done})
    raise typer.Exit(0 if done.outcome is Outcome.PROMOTED else REFUSED)
