"""Train a model set on the training frame: the one entry of the pipeline into the models."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.catalogue import FEATURES
from features.errors import DataNotFoundError
from features.progress import Track, silent
from models.assembly import assemble
from models.model_set import Manifest
from models.pairs import label_pairs
from models.planning import Labelled
from models.settings import TrainingSettings
from models.uplift.logged_rows import read_logged

__all__ = ["TrainedModelSet", "TrainingSettings", "name_of", "train"]


@dataclass(frozen=True, slots=True)
class TrainedModelSet:
    """A model set folder that was just written; `name` is its label until it is registered."""

    name: str
    folder: Path
    manifest: Manifest


def train(
    home: Path,
    *,
    tables: Path,
    settings: TrainingSettings,
    as_of: datetime,
    track: Track = silent,
    out: Path | None = None,
) -> TrainedModelSet:
    """Train on HOME/features/training.parquet and write a folder of HOME/models (or `out`).

    Labels come from `tables`, as known before `as_of`. The same settings and data give the same
    folder, others another: see `name_of`. Raises DataNotFoundError when a file is not there,
    TooFewRowsError, ParityError.
    """
    labelled = read_labelled(home, tables=tables, settings=settings, as_of=as_of)
    folder = out or home / "models" / name_of(labelled, settings=settings, as_of=as_of)
    manifest = assemble(labelled, out=folder, settings=settings, track=track)
    return TrainedModelSet(folder.name, folder, manifest)


def name_of(labelled: Labelled, *, settings: TrainingSettings, as_of: datetime) -> str:
    """Return `candidate-<as_of>-<digest>`, the digest 8 hex digits of settings, data and instant.

    Labels count as data: the frame stays the same when an outcome becomes known.
    """
    said = [
        asdict(settings),
        labelled.fingerprint,
        labelled.offer_ids,
        as_of.astimezone(UTC).isoformat(),
    ]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for signal, pairs in sorted(labelled.pairs.items()):
        digest.update(signal.encode())
        for part in (pairs.row, pairs.offer, pairs.label, pairs.weight):
            digest.update(part.tobytes())
    if (log := labelled.logged) is not None:
        for column in (log.row, log.action, log.eligible, log.probability, log.outcome):
            digest.update(column.tobytes())
    return f"candidate-{as_of.astimezone(UTC):%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:8]}"


def read_labelled(
    home: Path, *, tables: Path, settings: TrainingSettings, as_of: datetime
) -> Labelled:
    """Return the rows of HOME's training frame with the labelled pairs of every signal.

    Raises DataNotFoundError when the frame is not there.
    """
    frame = home / "features" / "training.parquet"
    if not frame.exists():
        raise DataNotFoundError(
            f"There is no training frame at {frame}.", fix="Run `callworth features` first."
        )
    kinds = {feature.name: feature.kind for feature in FEATURES}
    found = label_pairs(
        frame,
        tables=tables,
        quarantine=home / "quarantine",
        as_of=as_of,
        baseline_rows=settings.baseline_rows,
        rng=np.random.default_rng(settings.seed),
    )
    table = pq.read_table(frame, columns=["contact_id", "customer_id", "stage", "as_of", *kinds])
    return Labelled(
        columns={name: as_numpy(table[name]) for name in kinds},
        kinds=kinds,
        ids=as_numpy(table["contact_id"]),
        profile=as_numpy(table["stage"]).astype(np.str_),
        at=table["as_of"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy(),
        offer_ids=found.offer_ids,
        pairs=found.pairs,
        counts=found.counts,
        fingerprint=fingerprint(frame),
        as_of=as_of.isoformat(),
        dated=True,
        customer=as_numpy(table["customer_id"]),
        logged=read_logged(frame, tables=tables, quarantine=home / "quarantine", as_of=as_of),
    )


def as_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as numpy: numbers as floats with NaN for absent, texts as objects."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=object)
    if pa.types.is_dictionary(column.type):
        return np.asarray(column.to_pylist(), dtype=object)
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a file, 16 hexadecimal digits of it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()[:16]
