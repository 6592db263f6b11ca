"""The verb `train` on one flat table: the quickest start, one row per contact."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from pipelines.console import Screen


def train_on_one_table(
    dataset_file: Path, *, home: Path, seed: int, search: float, screen: Screen
) -> None:
    """Fit, judge and register a model set for the table that a dataset file describes."""
    from features.dataset import read_dataset
    from models import registry
    from models.flat import train_flat
    from models.report.page import write_report
    from models.settings import TrainingSettings
    from pipelines.cli.training import show_champions

    dataset = read_dataset(dataset_file)
    name = f"callworth-{dataset_file.stem}"
    trained = train_flat(
        dataset,
        settings=TrainingSettings(seed=seed, search_seconds=search),
        out=home / "models" / name,
        track=screen.track,
    )
    page = write_report(trained.folder, champion=None)
    registered = registry.register(
        trained.folder,
        home=home,
        feature_service=f"{dataset_file.name}: {len(dataset.kinds)} columns of one table",
        name=name,
        track=screen.track,
    )
    show_champions(trained.folder, screen=screen)
    for column, why in dataset.left_out.items():
        screen.say(f"  left out: {escape(column)} ({escape(why)})")
    screen.done(f"model set {registered.version} of {name} is registered in MLflow")
    screen.say(f"  What it tells, on one page: {escape(str(page))}")
    screen.result(
        {
            "model_set": registered.version,
            "registered_as": name,
            "run_id": registered.run_id,
            "folder": str(trained.folder),
            "report": str(page),
        }
    )
