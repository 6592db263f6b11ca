"""What may lie in a model set's folder, and that it is what was written there.

JSON, ONNX, Parquet, HTML, Markdown and PNG: nothing that runs code when it is read. The files that
answer are listed with their SHA-256 when the set is written, and compared before any is opened.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from models.errors import ModelSetFormatError, ModelSetNotFoundError
from models.model_set import ENCODING, MANIFEST, REASONS

CONTENTS = "contents.json"
TYPES = {
    ".json": "JSON",
    ".onnx": "ONNX",
    ".parquet": "Parquet",
    ".html": "HTML",
    ".md": "Markdown",
    ".png": "PNG",
}
ONNX = ".onnx"


def answering(folder: Path) -> tuple[str, ...]:
    """Return the files that answer, by name: encoder, models, effects, reasons, their trees.

    The manifest is not among them: it gets its version when the set is registered.
    """
    said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    found = (*folder.rglob(f"*{ONNX}"), *folder.glob(f"{REASONS}/*.json"))
    others = {path.relative_to(folder).as_posix() for path in found}
    effects = {file for row in said.get("effects", ()) for file in row["files"]}
    return tuple(sorted({ENCODING} | {row["file"] for row in said["answers"]} | effects | others))


def write_contents(folder: Path) -> None:
    """List the files that answer, with type and digest, in `contents.json`."""
    files = {
        name: {"type": TYPES[Path(name).suffix], "sha256": _digest(folder / name)}
        for name in answering(folder)
    }
    text = json.dumps(files, indent=1, sort_keys=True) + "\n"
    (folder / CONTENTS).write_text(text, encoding="utf-8")


def demand_known(folder: Path) -> None:
    """Raise ModelSetFormatError unless all files have a known type and those that answer stand.

    Types are looked at before any file is opened. Raises ModelSetNotFoundError where the contents
    were listed and the list is gone.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in TYPES:
            raise ModelSetFormatError(
                f"{path.relative_to(folder)} in {folder} is of no type that a model set has.",
                fix=f"Known are {', '.join(sorted(TYPES.values()))}. Do not load it; fetch the "
                "model set from the registry again.",
            )
    if not (folder / CONTENTS).exists() and not _promised(folder):
        return
    try:
        listed = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelSetNotFoundError(
            f"There is no {CONTENTS} in {folder}.",
            fix="Name a model set's folder; `callworth train` writes one.",
        ) from None
    except ValueError:
        raise _altered(folder, CONTENTS, "is damaged") from None
    for name in sorted({*listed, *answering(folder)}):
        if name not in listed:
            raise _altered(folder, name, "was put there after the set was written")
        if not (folder / name).is_file():
            raise _altered(folder, name, "is not there")
        if _digest(folder / name) != listed[name]["sha256"]:
            raise _altered(folder, name, "is not what was written there")


def _promised(folder: Path) -> bool:
    """Return whether the manifest says that contents are listed; earlier versions list none."""
    said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return bool(said.get("listed", False))


def _altered(folder: Path, name: str, how: str) -> ModelSetFormatError:
    return ModelSetFormatError(
        f"{name} in {folder} {how}.", fix="Fetch the model set from the registry again."
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
