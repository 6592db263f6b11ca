"""A registered model set answers where this repository is not."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from models import packing, registry
from models.compiled import CompiledModelSet
from models.registry import RegisteredModelSet

MakeModelSet = Callable[..., Path]

# Runs without the `site` module, so that no editable install puts this repository on the path.
ELSEWHERE = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
assert importlib.util.find_spec("models") is None, "this repository is on the path"
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[2])
rows = pd.DataFrame(json.loads(sys.argv[3]))
heavy = sorted({"sklearn", "xgboost", "duckdb", "feast", "pyarrow.parquet"} & set(sys.modules))
print(json.dumps({"answers": model.predict(rows).to_dict("list"), "heavy": heavy}))
"""
ROWS = {
    "age": [30.0, 50.0, 70.0, None],
    "visits": [1.0, None, 3.0, 2.0],
    "occupation": ["nurse", "never seen", None, "baker"],
    "stage": ["lead", "purchaser", "prospect", "lead"],
    "offer_id": ["home", "life", "never seen", None],
}


@pytest.fixture(scope="session")
def model_folder(
    shared_home: Path, make_model_set: MakeModelSet, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the model as MLflow would download it."""
    made: RegisteredModelSet = registry.register(
        make_model_set(), home=shared_home, feature_service="model_set_1"
    )
    target = tmp_path_factory.mktemp("served model")
    with registry._client(shared_home):
        return Path(mlflow.artifacts.download_artifacts(made.model_uri, dst_path=str(target)))


def answers_elsewhere(python: str, packages: str, model: Path) -> dict[str, Any]:
    asked = [python, "-S", "-c", ELSEWHERE, packages, str(model), json.dumps(ROWS)]
    done = subprocess.run(asked, cwd=model.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answered: dict[str, Any] = json.loads(done.stdout)
    return answered


def test_it_loads_and_answers_without_the_repository(model_folder: Path) -> None:
    found = answers_elsewhere(sys.executable, sysconfig.get_path("purelib"), model_folder)
    accept = found["answers"]["accept"]
    assert accept[0] < accept[1]
    assert all(0 < probability < 1 for probability in accept if probability is not None)
    assert set(found["answers"]) == {"accept", "value"}
    assert found["heavy"] == []


def test_it_gives_the_numbers_of_the_compiled_model_set(
    model_folder: Path, frame: pa.Table
) -> None:
    models = CompiledModelSet.load(model_folder / "artifacts" / "model_set")
    rows = frame.slice(0, 50)
    matrix = models.encode({name: rows[name].to_pylist() for name in models.features})
    offer = np.array([models.offer_ids.index(name) for name in rows["offer_id"].to_pylist()])
    profile = np.array(rows["stage"].to_pylist())
    expected = models.predict("accept", matrix, profile=profile, offer=offer)
    served = mlflow.pyfunc.load_model(str(model_folder))
    asked = rows.select([*models.features, "stage", "offer_id"]).to_pandas()
    np.testing.assert_allclose(served.predict(asked)["accept"], expected, rtol=1e-12)


@pytest.mark.parametrize("visits", [[2, 3], [2.0, None], [None, None], [True, False]], ids=str)
def test_whole_absent_and_true_numbers_pass_the_signature(
    model_folder: Path, visits: list[object]
) -> None:
    served = mlflow.pyfunc.load_model(str(model_folder))
    asked = pd.DataFrame({"age": [50.0, None], "visits": visits, "stage": ["lead", "lead"]})
    assert served.predict(asked)["accept"].between(0, 1).all()


def test_columns_that_are_left_out_count_as_not_known(model_folder: Path) -> None:
    served = mlflow.pyfunc.load_model(str(model_folder))
    sparse = served.predict(pd.DataFrame({"age": [50.0], "stage": ["lead"]}))
    full = served.predict(
        pd.DataFrame(
            {
                "age": [50.0],
                "visits": [np.nan],
                "occupation": [None],
                "stage": ["lead"],
                "offer_id": [None],
            }
        )
    )
    assert sparse["accept"].tolist() == full["accept"].tolist()


def test_the_environment_is_small_and_pinned(model_folder: Path) -> None:
    lines = (model_folder / "requirements.txt").read_text().split()
    assert [line.split("==")[0] for line in lines] == ["mlflow", "numpy", "onnxruntime", "pandas"]
    assert all("==" in line for line in lines)


def test_the_model_carries_no_pickle_and_no_row_of_the_data(model_folder: Path) -> None:
    files = {path.name for path in model_folder.rglob("*") if path.is_file()}
    assert not {name for name in files if name.endswith((".pkl", ".pickle", ".parquet"))}
    assert "served.py" in files


def test_only_what_answers_travels() -> None:
    assert "models.training" not in packing.modules_needed()
    assert {"models.compiled", "features.contract"} <= packing.modules_needed()


@pytest.mark.slow
def test_it_answers_in_a_fresh_environment(model_folder: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    wanted = str(model_folder / "requirements.txt")
    installed = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", "-r", wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip("the packages cannot be installed here: no package index")
    packages = next((fresh / "lib").glob("python*")) / "site-packages"
    assert answers_elsewhere(str(python), str(packages), model_folder)["answers"]["accept"]
