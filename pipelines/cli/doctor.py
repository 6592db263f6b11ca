"""The verb that tells what is wrong with an installation, and how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson
from pipelines.console import Screen

_SIGNS = {"well": "[green]✓[/green]", "note": "[yellow]-[/yellow]", "wrong": "[red]✗[/red]"}


def doctor(
    home: Annotated[
        Path | None,
        typer.Option(help="The workspace folder. [CALLWORTH_HOME]", show_default=False),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port to be served. [8350]", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look at all that commonly goes wrong, and say how to mend it; exit code 1 if anything is.

    It changes nothing, and reads the CALLWORTH_* variables as the server does.
    """
    from pipelines.doctor.examination import examine, healthy
    from pipelines.doctor.finding import Looked
    from serving.settings import Settings

    screen = Screen(as_json)
    looked = Looked(Settings.from_environment(home=home, port=port), datetime.now(UTC))
    findings = []
    for one in examine(looked):
        findings.append(one)
        screen.say(f"{_SIGNS[one.grade]} {one.about:<12} {escape(one.fact)}")
        if one.fix is not None:
            screen.say(f"  {'':<12} [bold]fix:[/bold] {escape(one.fix)}")
    screen.result({"healthy": healthy(findings), "findings": findings})
    raise typer.Exit(0 if healthy(findings) else 1)
