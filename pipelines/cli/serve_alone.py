"""The program with the verb `serve` alone: a server starts without what the other verbs need."""

from __future__ import annotations

from typing import NoReturn

import typer

from pipelines.cli.ending import run
from pipelines.cli.service import serve

app = typer.Typer(
    name="callworth",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("serve")(serve)


@app.callback()
def callworth() -> None:
    """Keep `serve` a verb, as it is among the others."""


def main() -> NoReturn:
    """Serve; ends as every verb does."""
    run(app)
