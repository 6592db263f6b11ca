"""What travels with a model set so that it answers without this repository."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.contract import Kind
from models.artefacts import CONTENTS, answering, demand_known
from models.compiled import CompiledModelSet
from models.encoding import Encoder, NominalColumn, NumericColumn
from models.errors import ModelSetFormatError
from models.live_parity import demand_live_parity, has_graphs
from models.model_set import ENCODING, MANIFEST, Manifest, read_json, read_manifest, write_json
from models.signals import Task

Example: TypeAlias = dict[str, list[float | str]]

EXAMPLE = "example.json"
# The columns of a call of the served model set beside the features.
STAGE = "stage"
OFFER = "offer_id"
# The gate compares five times as many; this catches what was damaged since.
_TRIED_CONTACTS = 2_000
ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("features", "models")
# What MLflow runs: models from code.
SERVED = str(ROOT / "models" / "served.py")
# What answers; whatever it imports of ours comes along.
ENTRANCE = "models.compiled"
# All that the answering modules import. Neither scikit-learn nor xgboost, nor what they bring.
REQUIREMENTS = ("mlflow", "numpy", "onnxruntime", "pandas")


def requirements() -> list[str]:
    """Return the packages that a served model set needs, at the versions installed here."""
    return [f"{name}=={version(name)}" for name in REQUIREMENTS]


def modules_needed(entrance: str = ENTRANCE) -> set[str]:
    """Return our modules that the entrance imports, directly or not, with itself."""
    found: set[str] = set()
    waiting = [entrance]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        parts = module.split(".")
        waiting += [".".join(parts[:place]) for place in range(1, len(parts))]
        waiting += _imported(_file_of(module))
    return found


def copy_code(folder: Path) -> list[str]:
    """Copy the answering modules into `folder` and return the paths of the packages made."""
    for module in modules_needed():
        source = _file_of(module)
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return [str(folder / name) for name in PACKAGES if (folder / name).is_dir()]


def copy_answers(source: Path, folder: Path) -> None:
    """Copy what answers, and no row of the data: manifest, encoder, models and the example."""
    demand_known(source)
    for name in (MANIFEST, CONTENTS, *answering(source)):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target)
    write_json(folder / EXAMPLE, example_of(source))


def example_of(folder: Path) -> Example:
    """Return one row per profile, of typical values: medians and most frequent categories."""
    manifest = read_manifest(folder)
    encoder = Encoder.from_json(read_json(folder / ENCODING))
    rows = max(len(manifest.profiles), 1)
    columns: Example = {}
    by_name: dict[str, NumericColumn | NominalColumn] = {c.name: c for c in encoder.numeric}
    by_name |= {column.name: column for column in encoder.nominal}
    for name, _kind in manifest.features:
        column = by_name[name]
        if isinstance(column, NumericColumn):
            columns[name] = [float(column.fill)] * rows
        else:
            columns[name] = [column.categories[0] if column.categories else "unknown"] * rows
    columns[STAGE] = [*manifest.profiles] or ["all"]
    columns[OFFER] = [_offer(manifest, place) for place in range(rows)]
    return columns


def signature(folder: Path, *, frame: Path) -> dict[str, str]:
    """Return the names and types of what goes in and comes out, as MLflow writes them in JSON.

    Every input may be left out: a model set answers with what is known. A number that is whole
    in the training frame has the type `any`: MLflow converts neither whole numbers to `double`
    nor absent ones to `long`, and both must pass.
    """
    manifest = read_manifest(folder)
    found = pq.read_schema(frame) if frame.is_file() else pa.schema([])
    fractions = {field.name for field in found if pa.types.is_floating(field.type)}
    types = {name: "double" if name in fractions else "any" for name, _ in manifest.features}
    types |= {name: "string" for name, kind in manifest.features if kind == Kind.NOMINAL}
    types |= {STAGE: "string", OFFER: "string"}
    inputs = [{"name": name, "type": type, "required": False} for name, type in types.items()]
    signals = dict.fromkeys(answer.signal for answer in manifest.answers)
    outputs = [{"name": name, "type": "double", "required": True} for name in signals]
    return {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs)}


def try_out(folder: Path) -> None:
    """Load the model set of a folder, answer its example with every signal, and compare it live.

    Raises ModelSetNotFoundError, ModelSetFormatError when it does not load or answers nonsense, or
    ParityError when its live graphs give other numbers than its models.
    """
    models = CompiledModelSet.load(folder)
    example = read_json(folder / EXAMPLE)
    place = {name: index for index, name in enumerate(models.offer_ids)}
    offer = np.array([place.get(name, -1) for name in example[OFFER]], dtype=np.intp)
    profile = np.array(example[STAGE], dtype=np.str_)
    matrix = models.encode({name: example[name] for name in models.features})
    for signal in models.signals:
        answer = models.predict(signal, matrix, profile=profile, offer=offer)
        sound = bool(np.isfinite(answer).all())
        if signal.task is Task.PROBABILITY:
            sound = sound and bool(((answer >= 0) & (answer <= 1)).all())
        if not sound:
            raise ModelSetFormatError(
                f"The model set in {folder} answers its own example with {answer} for {signal}.",
                fix="Train it again, or go back with `callworth rollback`.",
            )
    if has_graphs(folder):
        demand_live_parity(folder, rng=np.random.default_rng(0), count=_TRIED_CONTACTS)


def commit() -> str | None:
    """Return the git commit of this code, marked `+changes` when files differ; None without git."""
    if not (ROOT / ".git").exists():
        return None
    head = _git("rev-parse", "HEAD")
    return f"{head}+changes" if head and _git("status", "--porcelain", "-uno") else head


def _offer(manifest: Manifest, place: int) -> str:
    return manifest.offer_ids[place % len(manifest.offer_ids)] if manifest.offer_ids else ""


def _git(*arguments: str) -> str | None:
    try:
        asked = ["git", "-C", str(ROOT), *arguments]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


def _file_of(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            if node.module.split(".")[0] in PACKAGES:
                yield node.module
                names = (f"{node.module}.{name.name}" for name in node.names)
                yield from (name for name in names if _file_of(name).is_file())
        elif isinstance(node, ast.Import):
            yield from (n.name for n in node.names if n.name.split(".")[0] in PACKAGES)
