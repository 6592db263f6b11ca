"""Which folder holds the model set that a person names, without asking MLflow."""

from __future__ import annotations

from pathlib import Path

from models.errors import ModelSetNotFoundError
from models.model_set import MANIFEST, read_json, write_json

REGISTERED = "registered.json"


def remember_version(folder: Path, *, version: str) -> None:
    """Write down in a trained folder as which version it was registered."""
    write_json(folder / REGISTERED, {"version": version})


def folder_of(home: Path, *, name: str | None) -> Path:
    """Return the folder of a model set: a version, a folder, or (None) the one trained last.

    Where a version was trained here its evidence lies in that folder, which comes first. Raises
    ModelSetNotFoundError when there is none.
    """
    models = home / "models"
    trained = sorted(models.glob(f"*/{REGISTERED}"), key=lambda file: file.stat().st_mtime_ns)
    found = [f.parent for f in trained if name is None or read_json(f)["version"] == name]
    if name is not None:
        others = [path for path in (models / name, Path(name)) if (path / MANIFEST).is_file()]
        found = [*others, *found]
    if not found:
        raise ModelSetNotFoundError(
            f"There is no trained model set{f' {name}' if name else ''} in {models}.",
            fix="`callworth train` makes one; name it by its version or its folder.",
        )
    return found[-1]
