"""The verb `train`: fit, judge and register a model set."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from pipelines.cli.options import AsJson, AsOf, Home, Tables, warn_if_unchecked
from pipelines.console import Screen
from pipelines.workspace import DEFAULT_HOME, Workspace


def train(
    home: Home = DEFAULT_HOME,
    tables: Tables = None,
    as_of: AsOf = None,
    seed: Annotated[int, typer.Option(help="Same seed and data, same models.")] = 7,
    jobs: Annotated[int, typer.Option(min=1, help="Fits that run at the same time.")] = 2,
    search: Annotated[
        float,
        typer.Option(min=0.0, help="Seconds per signal to search for better settings; resumable."),
    ] = 0.0,
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

        train_on_one_table(dataset, home=home, seed=seed, search=search, screen=screen)
        return
    from models.settings import TrainingSettings
    from pipelines.train import train_challenger

    source = space.source(tables)
    warn_if_unchecked(source, space=space, screen=screen)
    made = train_challenger(
        home,
        tables=source,
        as_of=space.as_of(source, as_of),
        settings=TrainingSettings(seed=seed, jobs=jobs, device=device, search_seconds=search),
        track=screen.track,
    )
    show_champions(made.folder, screen=screen)
    screen.done(f"model set {made.version} is registered and is now the challenger")
    screen.say(f"  What it tells, on one page: {escape(str(made.report))}")
    screen.result(
        {
            "model_set": made.version,
            "run_id": made.run_id,
            "folder": str(made.folder),
            "report": str(made.report),
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
