"""Model sets in MLflow: log and register them, and move the champion through the gate."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

# Before the import of mlflow, which reads it once: nothing is sent anywhere.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.dataset_source_registry import get_dataset_source_from_json
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo

from features.progress import Track, silent
from models import packing, runs, tracking
from models.model_set import (
    CARD,
    CURVES,
    DECILES,
    FAIRNESS,
    JUDGE,
    JUDGE_COLUMNS,
    METRICS,
    MONTHS,
    PATHS,
    REPORT,
    SEGMENTS,
    read_json,
    read_manifest,
)
from models.promotion import ledger, switch
from models.promotion.gate_file import GateSettings, gate_of
from models.promotion.ledger import Entry
from models.promotion.switch import Promotion
from models.report.drawing import figures
from models.report.leading import leading
from models.shelf import CHALLENGER, EVIDENCE, MlflowShelf

NAME = "callworth"
_FILES = (
    *(JUDGE, JUDGE_COLUMNS, METRICS, DECILES, MONTHS),
    *(SEGMENTS, FAIRNESS, CURVES, REPORT, CARD),
)
_DIGEST_LENGTH = 36  # the longest that MLflow takes


@dataclass(frozen=True, slots=True)
class RegisteredModelSet:
    """A registered version; `model_uri` loads it with mlflow.pyfunc.load_model."""

    version: str
    run_id: str
    model_uri: str


def register(
    folder: Path,
    *,
    home: Path,
    feature_service: str,
    name: str = NAME,
    run_name: str | None = None,
    track: Track = silent,
) -> RegisteredModelSet:
    """Log a model set as one run, with nested ones per signal and profile and candidate.

    The set becomes the challenger. Raises ModelSetNotFoundError when the folder holds none.
    """
    record = runs.of_set(folder, feature_service=feature_service)
    answers = runs.of_answers(folder)
    with (
        _client(home) as client,
        track("register the model set", total=len(answers) + 3, unit="record") as done,
    ):
        experiment = _experiment(client, home=home, name=name)
        run_id = _parent(client, experiment, run_name or record.name)
        with mlflow.start_run(run_id=run_id):  # marks the run as failed when anything stops it
            _write(client, run_id, record)
            for answer in answers:
                tags = {"mlflow.parentRunId": run_id}
                nested = client.create_run(experiment, run_name=answer.name, tags=tags).info.run_id
                _write(client, nested, answer)
                for candidate in runs.of_candidates(folder, answer):
                    below = {"mlflow.parentRunId": nested}
                    made = client.create_run(experiment, run_name=candidate.name, tags=below)
                    _write(client, made.info.run_id, candidate)
                    client.set_terminated(made.info.run_id)
                client.set_terminated(nested)
                done(1)
            _log_evidence(client, run_id, folder)
            done(1)
            model = _log_model(folder, home=home)
            done(1)
            version = _register(client, model, name=name, record=record, folder=folder)
            done(1)
    return RegisteredModelSet(version, run_id, f"models:/{name}/{version}")


def promote(
    home: Path,
    *,
    version: str | None = None,
    by: str,
    why: str,
    now: datetime,
    force: bool = False,
    name: str = NAME,
    settings: GateSettings | None = None,
    track: Track = silent,
) -> Promotion:
    """Put a version (the challenger) in force, if the gate holds: alias, folder and pointer.

    `force` goes past the gate, with a reason, and the ledger keeps what failed.
    Raises GateRefusedError (409), ModelSetNotFoundError (404) or ReasonMissingError.
    """
    with _client(home) as client, tempfile.TemporaryDirectory() as scratch:
        return switch.promote(
            MlflowShelf(client, name),
            home=home,
            version=version,
            decided=switch.Decided(by, why, now),
            settings=settings or gate_of(home),
            force=force,
            scratch=Path(scratch),
            track=track,
        )


def rollback(
    home: Path,
    *,
    by: str,
    why: str,
    now: datetime,
    version: str | None = None,
    name: str = NAME,
    track: Track = silent,
) -> Promotion:
    """Put the version before the present one (or an earlier one) back in force, once it answers.

    Raises ModelSetNotFoundError (404) when there is none.
    """
    with _client(home) as client:
        shelf, decided = MlflowShelf(client, name), switch.Decided(by, why, now)
        return switch.rollback(shelf, home=home, version=version, decided=decided, track=track)


def current(home: Path) -> Path | None:
    """Return the folder of the model set in force, or None."""
    version = ledger.in_force(home)
    return ledger.folder_of(home, version=version) if version else None


def history(home: Path) -> tuple[Entry, ...]:
    """Return who put which model set in force, when and why; oldest first."""
    return ledger.entries(home)


@contextmanager
def _client(home: Path) -> Iterator[MlflowClient]:
    """Yield a client of the workspace's server; MLflow's global address is put back after."""
    with tracking.quiet(home) as address, ExitStack() as after:
        after.callback(mlflow.set_tracking_uri, None)
        mlflow.set_tracking_uri(address)
        yield MlflowClient(tracking_uri=address)


def _experiment(client: MlflowClient, *, home: Path, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifact_location=tracking.artifacts_of(home)))


def _parent(client: MlflowClient, experiment: str, name: str) -> str:
    """Return the run that `mlflow run` opened, where it lies on this server, else a new one."""
    handed = tracking.handed_run()
    with suppress(MlflowException):
        if handed:
            return str(client.get_run(handed).info.run_id)
    return str(client.create_run(experiment, run_name=name).info.run_id)


def _write(client: MlflowClient, run_id: str, record: runs.Record) -> None:
    params = [Param(name, value) for name, value in record.params.items()]
    metrics = [Metric(name, value, 0, 0) for name, value in record.metrics.items()]
    tags = [RunTag(name, value) for name, value in record.tags.items()]
    # MLflow takes a thousand metrics at once.
    client.log_batch(run_id, metrics[:1000], params, tags)
    for start in range(1000, len(metrics), 1000):
        client.log_batch(run_id, metrics=metrics[start : start + 1000])


def _log_evidence(client: MlflowClient, run_id: str, folder: Path) -> None:
    top = leading(folder)
    for name in (
        JUDGE,
        JUDGE_COLUMNS,
        METRICS,
        DECILES,
        MONTHS,
        PATHS,
        SEGMENTS,
        FAIRNESS,
        CURVES,
        REPORT,
        CARD,
    ):
        if (folder / name).is_file():
            client.log_artifact(run_id, str(folder / name), EVIDENCE)
    for name, figure in figures(folder, top=top):
        client.log_figure(run_id, figure, f"plots/{name}.png")
    client.log_table(run_id, runs.columns([asdict(row) for row in top]), "top_features.json")
    client.log_table(run_id, runs.columns(runs.candidates(folder)), "candidates.json")
    if (folder / MONTHS).is_file() and (months := read_json(folder / MONTHS)):
        client.log_table(run_id, runs.columns(months), "months.json")


def _log_model(folder: Path, *, home: Path) -> ModelInfo:
    """Log the data's fingerprint and the model, as code with its files, to the active run."""
    frame = home.resolve() / "features" / "training.parquet"
    signature = ModelSignature.from_dict(packing.signature(folder, frame=frame))
    uri = json.dumps({"uri": frame.as_uri()})
    source = get_dataset_source_from_json(uri, source_type="local")
    digest = read_manifest(folder).fingerprint[:_DIGEST_LENGTH]
    data = MetaDataset(source, "training", digest, signature.inputs)
    mlflow.log_input(data, context="training")
    with tempfile.TemporaryDirectory() as scratch:
        answers, code = Path(scratch) / "model_set", Path(scratch) / "code"
        packing.copy_answers(folder, answers)
        return mlflow.pyfunc.log_model(
            name="model_set",
            python_model=packing.SERVED,
            artifacts={"model_set": str(answers)},
            code_paths=packing.copy_code(code),
            signature=signature,
            input_example=pd.DataFrame(packing.example_of(folder)),
            pip_requirements=packing.requirements(),
        )


def _register(
    client: MlflowClient, model: ModelInfo, *, name: str, record: runs.Record, folder: Path
) -> str:
    """Return the new version of the name; it is the challenger."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description="What a caller is worth: model sets.")
    made = client.create_model_version(
        name,
        model.model_uri,
        model.run_id,
        tags={**record.tags},
        description=runs.description(folder),
        model_id=model.model_id,
    )
    client.set_registered_model_alias(name, CHALLENGER, str(made.version))
    return str(made.version)
