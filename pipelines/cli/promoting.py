"""The verbs that change which model set is in force: promote, rollback, models."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, Home
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME

if TYPE_CHECKING:
    from models.promotion.gate import GateReport

# Callers get the strategies that were formed before, until new ones are published.
FORM_NEXT = "  Callers get its answers after: callworth strategies form"

By = Annotated[str, typer.Option("--by", help="Who decides; written to the ledger.")]
Why = Annotated[str, typer.Option("--why", help="Why; written to the ledger.")]


def promote(
    version: Annotated[
        str | None, typer.Argument(help="The model set. [the challenger]", show_default=False)
    ] = None,
    by: By = "",
    why: Why = "",
    force: Annotated[
        bool, typer.Option("--force", help="Go past the gate; needs --why, the ledger says so.")
    ] = False,
    gate: Annotated[
        Path | None,
        typer.Option(help="The rules, a TOML file. [HOME/gate.toml, else the product's own]"),
    ] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Make a model set the champion, if the gate holds; say what was compared."""
    from models import registry
    from models.promotion.gate import GateRefusedError
    from models.promotion.gate_file import gate_of

    screen = Screen(as_json)
    try:
        promotion = registry.promote(
            home,
            version=version,
            by=by or getpass.getuser(),
            why=why,
            now=datetime.now(UTC),
            force=force,
            settings=gate_of(home, given=gate),
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
