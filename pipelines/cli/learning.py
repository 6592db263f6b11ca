"""The verbs of the data scientist: train, promote, rollback, models."""

from __future__ import annotations

import getpass
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, AsOf, Home, Tables, warn_if_unchecked
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace

if TYPE_CHECKING:
    from models.gate import GateReport

# Callers get the strategies that were formed before, until new ones are published.
FORM_NEXT = "  Callers get its answers after: callworth strategies form"

By = Annotated[str, typer.Option("--by", help="Who decides; written to the ledger.")]
Why = Annotated[str, typer.Option("--why", help="Why; written to the ledger.")]


def train(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(help="Same seed and data, same models.")] = 7,
    jobs: Annotated[int, typer.Option(min=1, help="Fits that run at the same time.")] = 2,
    device: Annotated[str, typer.Option(help="Where boosted trees fit: cpu or cuda.")] = "cpu",
    dataset: Annotated[
        Path | None,
        typer.Option(help="Train on one flat table instead: its dataset file.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit, judge and register a model set; it becomes the challenger."""
    screen, space = Screen(as_json), Workspace(home)
    if dataset is not None:
        from pipelines.cli.flat import train_on_one_table

        train_on_one_table(dataset, home=home, seed=seed, screen=screen)
        return
    from models.settings import TrainingSettings
    from pipelines.train import train_challenger

    source = space.source(tables)
    warn_if_unchecked(source, space=space, screen=screen)
    made = train_challenger(
        home,
        tables=source,
        as_of=space.as_of(source, as_of),
        settings=TrainingSettings(seed=seed, jobs=jobs, device=device),
        track=screen.track,
    )
    show_champions(made.folder, screen=screen)
    screen.done(f"model set {made.version} is registered and is now the challenger")
    screen.result(
        {
            "model_set": made.version,
            "run_id": made.run_id,
            "folder": str(made.folder),
            "feature_service": made.feature_service,
        }
    )


def show_champions(folder: Path, *, screen: Screen) -> None:
    """Print, per signal and profile, which candidate became champion and how it scored."""
    from pipelines.train import champions

    screen.table(
        "Champions, on contacts that took no part in fitting or choosing",
        ["signal", "profile", "champion", "rows", "AUC", "one for all", "calibration", "RMSE"],
        [list(astuple(row)) for row in champions(folder)],
    )


def promote(
    version: Annotated[
        str | None, typer.Argument(help="The model set. [the challenger]", show_default=False)
    ] = None,
    by: By = "",
    why: Why = "",
    force: Annotated[
        bool, typer.Option("--force", help="Go past the gate; needs --why, the ledger says so.")
    ] = False,
    least_gain: Annotated[
        float,
        typer.Option(help="Least gain overall, in log loss and AUC; at 0 a tie passes."),
    ] = 0.0,
    margin: Annotated[
        float, typer.Option(min=0.0, help="How much AUC one profile may lose.")
    ] = 0.01,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Make a model set the champion, if the gate holds; say what was compared."""
    from models import registry
    from models.gate import GateRefusedError, GateSettings

    screen = Screen(as_json)
    try:
        promotion = registry.promote(
            home,
            version=version,
            by=by or getpass.getuser(),
            why=why,
            now=datetime.now(UTC),
            force=force,
            settings=GateSettings(least_gain=least_gain, margin=margin),
        )
    except GateRefusedError as refused:
        show_gate(refused.report, screen=screen)
        screen.result({"refused": refused.fact, "report": refused.report})
        raise
    show_gate(promotion.report, screen=screen)
    screen.done(f"model set {promotion.version} is the champion")
    screen.say(FORM_NEXT)
    screen.result({"champion": promotion.version, "report": promotion.report})


def show_gate(report: GateReport, *, screen: Screen) -> None:
    """Print every rule with its figures, and on which rows they were judged."""
    if report.note:
        screen.say(f"  [dim]{escape(report.note)}[/dim]")
    for rule in report.rules:
        mark = "[green]✓[/green]" if rule.holds else "[red]✗[/red]"
        screen.say(f"  {mark} {escape(rule.sentence)}")


def rollback(
    by: By = "",
    why: Why = "",
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Go back to the model set that was champion before; it is tried before the switch."""
    from models import registry

    screen = Screen(as_json)
    promotion = registry.rollback(home, by=by or getpass.getuser(), why=why, now=datetime.now(UTC))
    screen.done(f"model set {promotion.version} is the champion again")
    screen.say(FORM_NEXT)
    screen.result({"champion": promotion.version})


def history(home: Home = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """List who promoted which model set, when and why."""
    from models import registry

    screen = Screen(as_json)
    entries = registry.history(home)
    screen.table(
        "Promotions",
        ["when", "what", "from", "to", "by", "why"],
        [[e.when, str(e.action), e.old, e.new, e.by, e.why] for e in entries],
    )
    screen.result({"history": entries})
