"""From the training frame to a registered challenger: fit, catalogue features, log to MLflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.progress import Track, silent
from models.training import TrainingSettings


@dataclass(frozen=True, slots=True)
class Challenger:
    """A model set that is fitted, judged and registered, and not yet promoted."""

    version: str
    run_id: str
    folder: Path
    feature_service: str


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

    trained = training.train(home, tables=tables, settings=settings, as_of=as_of, track=track)
    service = store.register(home, model_set=trained.name)
    registered = registry.register(trained.folder, home=home, feature_service=service)
    return Challenger(registered.version, registered.run_id, trained.folder, service)
