"""The verb `watch`: does the champion still fit the contacts that come in."""

from __future__ import annotations

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, AsOf, Home, Tables
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace

RETRAIN = 5


def watch(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Compare fresh contacts with those the champion was judged on; exit 5: retrain."""
    from pipelines.watch import watch as run

    screen, space = Screen(as_json), Workspace(home)
    source = space.source(tables)
    watched, page = run(home, tables=source, as_of=space.as_of(source, as_of), track=screen.track)
    screen.say(f"model set {escape(watched.model_set)}: {escape(watched.now)}, beside")
    screen.say(f"{escape(watched.before)} that it was judged on")
    for each in watched.performance:
        for kind, change in (("promised", each.estimated), ("realised", each.realised)):
            if change is not None:
                screen.say(
                    f"  {each.signal}, {each.profile}: {kind} AUC {change.now.value:.3f} "
                    f"{escape(f'[{change.now.low:.3f}, {change.now.high:.3f}]')}, "
                    f"was {change.before.value:.3f}"
                )
    for reason in watched.reasons:
        screen.say(f"  [red]![/red] {escape(reason)}")
    screen.say(f"  page: {escape(str(page))}")
    screen.done("retrain" if watched.retrain else "the champion still fits")
    screen.result({"retrain": watched.retrain, "page": str(page), "watched": watched})
    raise typer.Exit(RETRAIN if watched.retrain else 0)
