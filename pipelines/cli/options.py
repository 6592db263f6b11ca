"""The options that several verbs share, and how a time on the command line is read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.workspace import DEFAULT_HOME, Workspace

if TYPE_CHECKING:
    from pipelines.console import Screen  # brings what draws bars: no verb waits for it here


def instant(text: str | datetime) -> datetime:
    """Return an aware UTC instant from ISO 8601 text; a bare date is its first instant."""
    if isinstance(text, datetime):  # a default, already read
        return text
    try:
        read = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as problem:
        raise typer.BadParameter(
            f"'{text}' is not a time; write it like 2026-11-01 or 2026-11-01T09:30:00Z."
        ) from problem
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


Home = Annotated[
    Path,
    typer.Option(
        "--home",
        envvar="CALLWORTH_HOME",
        help="The workspace folder: all that the steps make for each other.",
        show_default=str(DEFAULT_HOME),
    ),
]
Tables = Annotated[
    Path | None,
    typer.Option(
        "--tables",
        help="The raw tables: a folder of Parquet or CSV, or a DuckDB file. [HOME/tables]",
        show_default=False,
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        parser=instant,
        metavar="TIME",
        help="The instant to look from, UTC. [the end of the data]",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, nothing else.")]


def warn_if_unchecked(source: Path, *, space: Workspace, screen: Screen) -> None:
    """Say when the tables that a verb reads were never checked: their bad rows are still in."""
    from rich.markup import escape

    from features.quarantine import was_checked

    if not was_checked(source, quarantine=space.quarantine):
        screen.say(
            f"[yellow]These tables were not checked, bad rows are not left out:[/yellow] "
            f"callworth check {escape(str(source))}"
        )
