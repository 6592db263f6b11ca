"""The verbs on the decision log: explain one decision, decide all again with another set."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.options import AsJson, Home, instant
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME


def explain(
    decision_id: Annotated[str, typer.Argument(help="The decision_id of an answer.")],
    home: Home = DEFAULT_HOME,
    log: Annotated[
        Path | None,
        typer.Option(help="The log. [HOME/log/decisions.sqlite]", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how one decision came about, and rebuild its answer to the byte."""
    from pipelines.explain import explain as explained
    from serving.settings import Settings

    screen = Screen(as_json)
    found = explained(decision_id, log=log or Settings(home=home).log_file, home=home)
    screen.plain(found.text)
    screen.result(found)


def replay(
    log: Annotated[
        Path, typer.Argument(help="A decision log: a file, or the home folder that holds it.")
    ],
    strategy_set: Annotated[
        str, typer.Option("--set", help="Label of a kept strategy set, or the path of its file.")
    ],
    home: Home = DEFAULT_HOME,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--from", parser=instant, metavar="TIME", help="From this instant on, UTC. [all]",
            show_default=False,
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until", parser=instant, metavar="TIME", help="Before this instant, UTC. [all]",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        float, typer.Option(min=0.0001, max=1.0, help="Share of the contacts, by a hash.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Decide the logged contacts again with another strategy set, and say what changes."""
    from pipelines.replay import replay as replayed
    from pipelines.replay_log import Period
    from pipelines.replay_text import text_of
    from serving.settings import Settings

    screen = Screen(as_json)
    found = replayed(
        Settings(home=log).log_file if log.is_dir() else log,
        strategy_set=strategy_set,
        home=home,
        period=Period(since, until),
        sample=sample,
        track=screen.track,
    )
    screen.plain(text_of(found))
    screen.result(found)
