"""From the training frame to a registered challenger: fit, catalogue features, log to MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.progress import Track, silent
from models.evidence import CHAMPION, SINGLE
from models.model_set import METRICS, read_json, read_manifest
from models.settings import TrainingSettings
from pipelines.trained_sets import remember_version


@dataclass(frozen=True, slots=True)
class Challenger:
    """A model set that is fitted, judged and registered, and not yet promoted."""

    version: str
    run_id: str
    folder: Path
    feature_service: str
    # The page that a person reads before deciding.
    report: Path


def train_challenger(
    home: Path,
    *,
    tables: Path,
    as_of: datetime,
    settings: TrainingSettings,
    track: Track = silent,
) -> Challenger:
    """Fit every signal per profile on HOME/features/training.parquet and register the model set.

    Raises:
        DataNotFoundError: the training frame is not there; `callworth features` makes it.
    """
    from features import store
    from models import registry, training
    from models.report.page import write_report

    trained = training.train(home, tables=tables, settings=settings, as_of=as_of, track=track)
    with track("write the report", total=1, unit="page") as done:
        page = write_report(trained.folder, champion=registry.current(home), home=home)
        done(1)
    service = store.register(home, model_set=trained.name)
    registered = registry.register(trained.folder, home=home, feature_service=service, track=track)
    remember_version(trained.folder, version=registered.version)
    return Challenger(registered.version, registered.run_id, trained.folder, service, page)


@dataclass(frozen=True, slots=True)
class ChampionRow:
    """How one profile's champion did on rows that took no part in fitting or choosing it.

    `auc` and `ece` are None for `value`, whose `rmse` is money; `single` is the AUC of the
    all-profiles model on the same rows.
    """

    signal: str
    profile: str
    candidate: str
    rows: int
    auc: float | None
    single: float | None
    ece: float | None
    rmse: float | None


def champions(folder: Path) -> list[ChampionRow]:
    """Return a row per signal and profile of a model set folder, in the order they were judged."""
    metrics = read_json(folder / METRICS)
    single = {
        (row["signal"], row["profile"]): row["auc"] for row in metrics if row["candidate"] == SINGLE
    }
    names = {
        (answer.signal, answer.profile): answer.champion
        if answer.uses == answer.profile
        else f"{answer.champion} ({answer.uses})"
        for answer in read_manifest(folder).answers
    }
    return [
        ChampionRow(
            row["signal"],
            row["profile"],
            names[row["signal"], row["profile"]],
            row["n"],
            row["auc"],
            single.get((row["signal"], row["profile"])),
            row["ece"],
            row["rmse"],
        )
        for row in metrics
        if row["candidate"] == CHAMPION
    ]
