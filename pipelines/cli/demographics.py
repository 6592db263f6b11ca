"""The verb `demographics`: what the individual's fields bring over the postcode's."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.options import AsJson, AsOf, Home, Tables
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace


def demographics(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(help="Same seed and data, same models.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Compare models on the individual's demographics with models on the postcode's."""
    from models.settings import TrainingSettings
    from pipelines.demographics_compared import compare_demographics

    screen, space = Screen(as_json), Workspace(home)
    source = space.source(tables)
    found = compare_demographics(
        source,
        as_of=space.as_of(source, as_of),
        settings=TrainingSettings(seed=seed),
        track=screen.track,
    )
    screen.table(
        "Share of all positives within the best-scored callers, on the same judged contacts",
        ["signal", "callers", "rows", "individual", "postcode", "gain"],
        [
            [
                row.signal,
                f"{row.share:.0%}",
                row.rows,
                *(_said(ends) for ends in (row.individual, row.postcode)),
                _said(row.gain, signed=True),
            ]
            for row in found
        ],
    )
    screen.result({"demographics": found})


def _said(ends: tuple[float, float, float], *, signed: bool = False) -> str:
    value, low, high = ends
    if signed:
        return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"
    return f"{value:.3f} ({low:.3f} to {high:.3f})"
