"""The model servers, and `mlflow models serve`: what each needs, how it starts, what it gets."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.processes import LOOPBACK, DidNotStartError
from benchmarks.serving_peers.scorer_model import as_json

HERE = Path(__file__).parent
_FAST = ("xgboost-cpu", "uvloop", "httptools")  # the same event loop and parser as ours, for all


@dataclass(frozen=True)
class Start:
    """How one peer runs: its command, more environment, and the address that scores one row."""

    command: list[str]
    url: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Peer:
    """A model server; `prepare(python, model, port, scratch)` returns how it starts."""

    name: str
    packages: tuple[str, ...]
    prepare: Callable[[Path, Path, int, Path], Start]
    bodies: Callable[[list[list[float]]], list[bytes]]


def _at(port: int, path: str) -> str:
    return f"http://{LOOPBACK}:{port}{path}"


def _litserve(python: Path, model: Path, port: int, _scratch: Path) -> Start:
    script = [str(python), str(HERE / "serve_litserve.py"), str(model), str(port)]
    return Start(script, _at(port, "/predict"), {})


def _kserve(python: Path, model: Path, port: int, _scratch: Path) -> Start:
    script = [str(python), str(HERE / "serve_kserve.py"), str(model), str(port)]
    return Start(script, _at(port, "/v1/models/accept:predict"), {})


def _bentoml(python: Path, model: Path, port: int, scratch: Path) -> Start:
    command = [
        str(python), "-m", "bentoml", "serve", "serve_bentoml:Scorer", "--working-dir", str(HERE),
        "--host", LOOPBACK, "--port", str(port),
    ]  # fmt: skip
    own = {"MODEL": str(model), "BENTOML_HOME": str(scratch), "BENTOML_DO_NOT_TRACK": "true"}
    return Start(command, _at(port, "/score"), own)


def _mlserver(python: Path, model: Path, port: int, scratch: Path) -> Start:
    folder = scratch / "mlserver"
    folder.mkdir(exist_ok=True)
    settings = {
        "host": LOOPBACK, "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2,
        "parallel_workers": 0,  # in the same process: its own default is slower
        "debug": False,
    }  # fmt: skip
    served = {
        "name": "accept",
        "implementation": "mlserver_xgboost.XGBoostModel",
        "parameters": {"uri": str(model)},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(served))
    command = [str(python), "-m", "mlserver.cli.main", "start", str(folder)]
    return Start(command, _at(port, "/v2/models/accept/infer"), {})


def _mlflow(python: Path, model: Path, port: int, scratch: Path) -> Start:
    folder = scratch / "mlflow"
    asked = [str(python), str(HERE / "save_mlflow.py"), str(model), str(folder)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)
    if said.returncode != 0:
        raise DidNotStartError(f"the model could not be saved: {said.stderr.strip()[-300:]}")
    command = [
        str(python), "-m", "mlflow", "models", "serve", "-m", str(folder), "--env-manager", "local",
        "-h", LOOPBACK, "-p", str(port), "-w", "1",
    ]  # fmt: skip
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"  # it starts uvicorn by name
    return Start(command, _at(port, "/invocations"), {"PATH": path})


def _protocol_v2(rows: list[list[float]]) -> list[bytes]:
    return as_json(
        [
            {
                "inputs": [
                    {"name": "row", "shape": [1, len(row)], "datatype": "FP32", "data": row}
                ],
                "outputs": [{"name": "predict_proba"}],
            }
            for row in rows
        ]
    )


def _split(rows: list[list[float]]) -> list[bytes]:
    columns = [f"f{at}" for at in range(len(rows[0]))]
    return as_json([{"dataframe_split": {"columns": columns, "data": [row]}} for row in rows])


MODEL_SERVERS = (
    Peer(
        "LitServe",
        ("litserve", *_FAST),
        _litserve,
        lambda rows: as_json([{"row": row} for row in rows]),
    ),
    Peer(
        "KServe",
        ("kserve", *_FAST),
        _kserve,
        lambda rows: as_json([{"instances": [row]} for row in rows]),
    ),
    # mlserver-xgboost demands the wheel `xgboost` itself.
    Peer("MLServer", ("mlserver", "mlserver-xgboost", *_FAST[1:]), _mlserver, _protocol_v2),
    Peer(
        "BentoML",
        ("bentoml", *_FAST),
        _bentoml,
        lambda rows: as_json([{"row": row} for row in rows]),
    ),
)
MLFLOW = Peer("MLflow", ("mlflow", *_FAST), _mlflow, _split)
