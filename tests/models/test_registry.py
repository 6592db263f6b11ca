"""A model set is registered, promoted through the gate and rolled back, in a real MLflow."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from models import registry
from models.compiled import CompiledModelSet
from models.errors import ModelSetNotFoundError
from models.gate import GateRefusedError
from models.ledger import Action
from models.promotion import Promotion, ReasonMissingError
from models.registry import RegisteredModelSet

MakeModelSet = Callable[..., Path]
NOW = datetime(2026, 3, 2, tzinfo=UTC)

# MLflow's own warnings, none of them about us.
pytestmark = pytest.mark.filterwarnings("default")


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


def register(folder: Path, home: Path) -> RegisteredModelSet:
    return registry.register(folder, home=home, feature_service="model_set_1")


def promote(home: Path, **options: object) -> Promotion:
    return registry.promote(home, by="ann", why="fresher", now=NOW, **options)  # type: ignore[arg-type]


def alias(home: Path, name: str) -> str | None:
    with registry._shelf(home, registry.NAME) as shelf:
        return {"champion": shelf.champion, "challenger": shelf.challenger}[name]


@contextmanager
def stopping_after(step: int) -> Iterator[Callable[..., object]]:
    """Yield a track that stops the work after a step, as a power cut would."""
    reached = 0

    @contextmanager
    def track(doing: str, *, total: int, unit: str) -> Iterator[Callable[[int], None]]:
        def done(count: int) -> None:
            nonlocal reached
            reached += count
            if reached == step:
                raise KeyboardInterrupt

        yield done

    yield track


def test_a_registered_set_is_one_version_with_its_lineage(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    made = register(make_model_set(), desk)
    client = MlflowClient(tracking_uri=registry.tracking_uri(desk))
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
    assert alias(desk, "challenger") == made.version
    assert alias(desk, "champion") is None


def test_each_signal_and_profile_has_a_nested_run_with_comparable_metrics(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    made = register(make_model_set(), desk)
    client = MlflowClient(tracking_uri=registry.tracking_uri(desk))
    nested = client.search_runs(
        [client.get_run(made.run_id).info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{made.run_id}'",
    )
    by_name = {run.info.run_name: run.data for run in nested}
    assert {"accept · lead", "accept · purchaser", "value · lead"} <= set(by_name)
    assert by_name["accept · lead"].metrics["auc"] == by_name["accept · lead"].metrics["auc.linear"]
    assert by_name["value · lead"].tags["why"] == "too few sales are mature"


def test_a_registered_set_has_plots_and_top_features_with_their_sign(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    made = register(make_model_set(), desk)
    client = MlflowClient(tracking_uri=registry.tracking_uri(desk))
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


def test_the_first_model_set_passes_with_no_champion(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    made = register(make_model_set(), desk)
    promotion = promote(desk)
    assert (promotion.version, promotion.old) == (made.version, None)
    assert alias(desk, "champion") == made.version
    assert alias(desk, "challenger") is None
    folder = registry.current(desk)
    assert folder is not None
    assert CompiledModelSet.load(folder).version == made.version
    assert not (folder / "judge.parquet").exists()


def test_an_equal_model_set_passes_and_promoting_twice_changes_nothing(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(), desk)
    promote(desk)
    second = register(make_model_set(), desk)
    assert promote(desk).version == second.version
    again = promote(desk)
    assert again.report.rules[0].sentence == "Model set 2 is the champion already."
    assert [entry.new for entry in registry.history(desk)] == ["1", "2"]


def test_the_gate_refuses_a_worse_profile_and_names_it(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(slopes={"purchaser": -2.0}), desk)
    promote(desk)
    register(make_model_set(slopes={"lead": 0.3 * -1}), desk)
    with pytest.raises(GateRefusedError, match="AUC of lead: challenger 0") as refused:
        promote(desk)
    assert refused.value.status == 409
    assert [rule.name for rule in refused.value.report.failing] == ["profile lead"]
    assert alias(desk, "champion") == "1"
    assert registry.current(desk) == desk / "models" / "1"


def test_a_promotion_against_the_gate_needs_a_reason_and_is_written_down(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(), desk)
    promote(desk)
    register(make_model_set(slopes={"lead": -1.0}), desk)
    with pytest.raises(ReasonMissingError):
        registry.promote(desk, by="ann", why=" ", now=NOW, force=True)
    assert promote(desk, force=True).version == "2"
    entry = registry.history(desk)[-1]
    assert entry.action is Action.FORCE
    assert any("AUC of lead" in sentence for sentence in entry.failing)


def test_contacts_that_the_champion_was_fitted_on_are_left_out_and_said(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    register(make_model_set(judged_from=start + timedelta(minutes=2500)), desk)
    promote(desk)
    register(make_model_set(), desk)
    report = promote(desk).report
    assert report.note == (
        "500 of the challenger's 1,500 judge rows; the others lie before 2026-01-02, "
        "where the champion was fitted"
    )
    assert report.rules[0].rows == 500


def test_a_champion_fitted_on_every_judge_row_refuses_the_comparison(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(), desk)
    promote(desk)
    later = datetime(2026, 2, 1, tzinfo=UTC)
    manifest = desk / "models" / "1" / "manifest.json"
    manifest.write_text(
        json.dumps({**json.loads(manifest.read_text()), "judged_from": later.isoformat()})
    )
    register(make_model_set(), desk)
    with pytest.raises(GateRefusedError, match="no rows on which the two can be compared"):
        promote(desk)


@pytest.mark.parametrize("step", [1, 2])
def test_killed_before_the_alias_moves_the_old_champion_stays(
    desk: Path, make_model_set: MakeModelSet, step: int
) -> None:
    register(make_model_set(), desk)
    promote(desk)
    register(make_model_set(), desk)
    with stopping_after(step) as track, pytest.raises(KeyboardInterrupt):
        promote(desk, track=track)
    assert alias(desk, "champion") == "1"
    assert registry.current(desk) == desk / "models" / "1"
    assert promote(desk).version == "2"
    assert registry.current(desk) == desk / "models" / "2"


@pytest.mark.parametrize("step", [3, 4])
def test_killed_after_the_alias_moved_the_same_command_completes(
    desk: Path, make_model_set: MakeModelSet, step: int
) -> None:
    register(make_model_set(), desk)
    promote(desk)
    register(make_model_set(), desk)
    with stopping_after(step) as track, pytest.raises(KeyboardInterrupt):
        promote(desk, track=track)
    promote(desk)
    assert alias(desk, "champion") == "2"
    assert registry.current(desk) == desk / "models" / "2"
    assert [entry.new for entry in registry.history(desk)] == ["1", "2"]


def test_rollback_goes_back_one_promotion_at_a_time(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    for _ in range(3):
        register(make_model_set(), desk)
        promote(desk)
    back = [registry.rollback(desk, by="bo", why="lapses", now=NOW).version for _ in range(2)]
    assert back == ["2", "1"]
    assert alias(desk, "champion") == "1"
    assert registry.current(desk) == desk / "models" / "1"
    with pytest.raises(ModelSetNotFoundError, match="no earlier model set"):
        registry.rollback(desk, by="bo", why="lapses", now=NOW)


def test_a_damaged_earlier_set_is_fetched_again_before_the_switch(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    for _ in range(2):
        register(make_model_set(), desk)
        promote(desk)
    (desk / "models" / "1" / "encoding.json").write_text("{")
    assert registry.rollback(desk, by="bo", why="lapses", now=NOW).version == "1"
    folder = registry.current(desk)
    assert folder is not None
    assert CompiledModelSet.load(folder).version == "1"


def test_a_version_that_does_not_exist_is_named_with_those_that_do(
    desk: Path, make_model_set: MakeModelSet
) -> None:
    register(make_model_set(), desk)
    with pytest.raises(ModelSetNotFoundError, match=r"no model set 9 .* It has: 1\."):
        promote(desk, version="9")


def test_there_is_nothing_to_promote_in_an_empty_workspace(desk: Path) -> None:
    with pytest.raises(ModelSetNotFoundError, match="no challenger"):
        promote(desk)
    assert registry.current(desk) is None
    assert registry.history(desk) == ()


def test_the_default_that_mlflow_run_hands_down_does_not_count(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    assert registry.tracking_uri(home) == f"sqlite:///{home / 'mlflow' / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    assert registry.tracking_uri(home) == "http://mlflow.example:5000"
