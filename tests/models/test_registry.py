"""A model set is registered, promoted through the gate and rolled back, in a real MLflow."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from models import registry, tracking
from models.compiled import CompiledModelSet
from models.errors import ModelSetNotFoundError
from models.promotion.gate import GateRefusedError
from models.promotion.switch import Promotion
from models.registry import RegisteredModelSet

MakeModelSet = Callable[..., Path]
NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fresh MLflow database: making one takes seconds, copying one does not."""
    home = tmp_path_factory.mktemp("empty")
    with registry._client(home) as client:
        client.search_experiments()
    return home / "mlflow" / "mlflow.db"


@pytest.fixture
def desk(home: Path, empty_mlflow: Path) -> Path:
    """Return a workspace with an empty registry."""
    (home / "mlflow").mkdir()
    shutil.copyfile(empty_mlflow, home / "mlflow" / "mlflow.db")
    return home


@pytest.fixture(scope="session")
def looked_at(
    shared_home: Path, make_model_set: MakeModelSet
) -> tuple[MlflowClient, RegisteredModelSet]:
    """Return one registered model set, for tests that only look."""
    made = register(make_model_set(), shared_home)
    return MlflowClient(tracking_uri=tracking.tracking_uri(shared_home)), made


def register(folder: Path, home: Path) -> RegisteredModelSet:
    return registry.register(folder, home=home, feature_service="model_set_1")


def promote(home: Path, **options: object) -> Promotion:
    return registry.promote(home, by="ann", why="fresher", now=NOW, **options)  # type: ignore[arg-type]


def alias(home: Path, name: str) -> str | None:
    client = MlflowClient(tracking_uri=tracking.tracking_uri(home))
    aliases = client.get_registered_model(registry.NAME).aliases
    return str(aliases[name]) if name in aliases else None


def test_a_registered_set_is_one_version_with_its_lineage(
    looked_at: tuple[MlflowClient, RegisteredModelSet],
) -> None:
    client, made = looked_at
    version = client.get_model_version(registry.NAME, made.version)
    run = client.get_run(made.run_id)
    assert version.tags["feature_service"] == "model_set_1"
    assert version.tags["fingerprint"] == "0123456789abcdef"
    assert version.tags["seed"] == "7"
    assert "| accept | lead | linear | 0.7" in version.description
    assert run.data.params["settings.candidates.trees"] == "100"
    assert run.data.metrics["accept/lead/auc"] > 0.7
    assert run.inputs.dataset_inputs[0].dataset.digest == "0123456789abcdef"
    assert run.info.status == "FINISHED"
    assert client.get_model_version_by_alias(registry.NAME, "challenger").version == version.version


def test_each_signal_and_profile_has_a_nested_run_with_comparable_metrics(
    looked_at: tuple[MlflowClient, RegisteredModelSet],
) -> None:
    client, made = looked_at
    nested = client.search_runs(
        [client.get_run(made.run_id).info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{made.run_id}'",
    )
    by_name = {run.info.run_name: run.data for run in nested}
    assert {"accept · lead", "accept · purchaser", "value · lead"} <= set(by_name)
    assert by_name["accept · lead"].metrics["auc"] == by_name["accept · lead"].metrics["auc.linear"]
    assert by_name["value · lead"].tags["why"] == "too few sales are mature"


def test_a_registered_set_has_plots_and_top_features_with_their_sign(
    looked_at: tuple[MlflowClient, RegisteredModelSet],
) -> None:
    client, made = looked_at
    plots = {found.path for found in client.list_artifacts(made.run_id, "plots")}
    assert plots == {"plots/accept.png", "plots/top_features"}
    table = json.loads(
        Path(client.download_artifacts(made.run_id, "top_features.json")).read_text()
    )
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    strongest = next(row for row in rows if row["signal"] == "accept" and row["rank"] == 1)
    assert (strongest["feature"], strongest["sign"]) == ("age", "+")


def test_registering_leaves_the_settings_of_mlflow_as_they_were(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    before = mlflow.get_tracking_uri()
    register(make_model_set(), desk)
    assert mlflow.get_tracking_uri() == before
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert mlflow.active_run() is None


def test_a_challenger_becomes_champion_is_refused_and_rolled_back(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(), desk)
    first = promote(desk)
    assert (first.version, alias(desk, "champion"), alias(desk, "challenger")) == ("1", "1", None)
    register(make_model_set(slopes={"lead": -1.0}), desk)
    with pytest.raises(GateRefusedError, match="AUC of lead"):
        promote(desk)
    assert (alias(desk, "champion"), alias(desk, "challenger")) == ("1", "2")
    assert promote(desk, force=True).version == "2"
    client = MlflowClient(tracking_uri=tracking.tracking_uri(desk))
    tags = client.get_model_version(registry.NAME, "2").tags
    assert (tags["gate"], tags["decided_by"], tags["decided_why"]) == ("forced", "ann", "fresher")
    assert registry.rollback(desk, by="bo", why="lapses", now=NOW).version == "1"
    assert alias(desk, "champion") == "1"
    folder = registry.current(desk)
    assert folder is not None
    assert CompiledModelSet.load(folder).version == "1"


def test_a_version_that_does_not_exist_is_named_with_those_that_do(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(), desk)
    with pytest.raises(ModelSetNotFoundError, match=r"no model set 9 .* It has: 1\."):
        promote(desk, version="9")


def test_the_default_that_mlflow_run_hands_down_does_not_count(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / "with space"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/with%20space/mlflow.db")
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    assert tracking.tracking_uri(home) == f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    assert tracking.tracking_uri(home) == "http://mlflow.example:5000"
