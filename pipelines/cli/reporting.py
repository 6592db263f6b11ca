"""The verbs `compare` and `page`: how two model sets differ, and the page of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, Home
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME

if TYPE_CHECKING:
    from models.report.difference import SetDifference

Share = Annotated[
    float,
    typer.Option(min=0.01, max=0.99, help="Part of the callers that the first pool can take."),
]
_WEIGHTS_SHOWN = 10


def compare(
    first: Annotated[
        str | None,
        typer.Argument(help="A version or folder. [the one trained last]", show_default=False),
    ] = None,
    second: Annotated[
        str | None, typer.Argument(help="Against which. [the champion]", show_default=False)
    ] = None,
    share: Share = 0.3,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Say how one model set differs from another: measures, features, who moves group."""
    from models.errors import ModelSetNotFoundError
    from models.report.difference import difference
    from pipelines.trained_sets import folder_of

    screen = Screen(as_json)
    against = folder_of(home, name=second) if second else _champion(home)
    if against is None:
        raise ModelSetNotFoundError(
            "There is no champion to compare with.",
            fix="`callworth promote` puts a model set in force; or name a second one.",
        )
    ours = folder_of(home, name=first)
    found = difference(ours, champion=against, home=home, share=share)
    _show(found, screen=screen)
    screen.result({"difference": found})


def page(
    version: Annotated[
        str | None,
        typer.Argument(help="A version or folder. [the one trained last]", show_default=False),
    ] = None,
    share: Share = 0.3,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
) -> None:
    """Write the page and the card of a model set again, against today's champion."""
    from models.report.page import write_report
    from pipelines.trained_sets import folder_of

    screen = Screen(as_json)
    folder = folder_of(home, name=version)
    written = write_report(folder, champion=_champion(home), home=home, share=share)
    screen.done(f"the page of model set {folder.name}: {escape(str(written))}")
    screen.result({"report": str(written), "card": str(written.with_name("card.md"))})


def _champion(home: Path) -> Path | None:
    """Return the folder of the set in force; MLflow is not asked."""
    from models.promotion import ledger

    version = ledger.in_force(home)
    return ledger.folder_of(home, version=version) if version else None


def _show(found: SetDifference, *, screen: Screen) -> None:
    screen.say(f"  [dim]{escape(found.note)}[/dim]")
    screen.table(
        f"{found.new} against {found.old}; a gain above 0 is better",
        ["profile", "measure", "rows", found.new, found.old, "gain", "from", "to", ""],
        [
            [m.profile, m.measure, m.rows, m.new, m.old, m.gain, m.low, m.high, m.verdict]
            for m in found.measures
        ],
    )
    added, removed = (
        ", ".join(names) or "none" for names in (found.features_added, found.features_removed)
    )
    screen.say(f"  features added: {escape(added)}; removed: {escape(removed)}")
    screen.table(
        "Effects on acceptance that changed most",
        ["profile", "column", "now", "before"],
        [[w.profile, w.column, w.new, w.old] for w in found.weights[:_WEIGHTS_SHOWN]],
    )
    screen.table(
        f"Value groups, the first pool taking {found.share:.0%}",
        ["before", "after", "contacts", "accepted", "customers who move furthest"],
        [[m.before, m.after, m.rows, m.accepted, ", ".join(m.examples)] for m in found.moves],
    )
