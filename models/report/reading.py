"""The evidence of a model set as a report reads it; a file that is not there is None."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.evidence import CHAMPION, SINGLE
from models.model_set import (
    CURVES,
    DECILES,
    FAIRNESS,
    METRICS,
    MONTHS,
    PATHS,
    SEGMENTS,
    UPLIFT,
    Manifest,
    read_json,
    read_manifest,
)
from models.report.leading import Leading, leading

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a model set folder says of itself."""

    manifest: Manifest
    metrics: Rows
    curves: Rows | None
    deciles: Rows | None
    months: Rows | None
    segments: Rows | None
    fairness: Any
    paths: Any
    leading: tuple[Leading, ...]
    uplift: Rows | None = None

    def of(self, candidate: str) -> Rows:
        """Return the rows of metrics of one candidate, `champion` or `all_profiles`."""
        return [row for row in self.metrics if row.get("candidate") == candidate]

    def answering(self, signal: str, profile: str) -> str:
        """Return the candidate that answers, and whose model it is when it is another's."""
        answer = self.manifest.answer(signal, profile)
        if answer is None:
            return "–"
        borrowed = "" if answer.uses == answer.profile else f" ({answer.uses})"
        return f"{answer.champion}{borrowed}"


def read_evidence(folder: Path) -> Evidence:
    """Return the evidence of a model set folder.

    Raises ModelSetNotFoundError when the folder holds no model set.
    """
    metrics = _rows(folder / METRICS) or []
    return Evidence(
        read_manifest(folder),
        metrics,
        _rows(folder / CURVES),
        _rows(folder / DECILES),
        _rows(folder / MONTHS),
        _rows(folder / SEGMENTS),
        _value(folder / FAIRNESS),
        _value(folder / PATHS),
        _leading(folder),
        _rows(folder / UPLIFT),
    )


def row_of(rows: Rows | None, signal: str, profile: str) -> dict[str, Any] | None:
    """Return the one row of a signal and profile, or None."""
    for row in rows or ():
        if (row.get("signal"), row.get("profile")) == (signal, profile):
            return row
    return None


def _leading(folder: Path) -> tuple[Leading, ...]:
    try:
        return leading(folder)
    except ModelError:
        return ()


def _value(path: Path) -> Any:
    try:
        return read_json(path)
    except ModelError:
        return None


def _rows(path: Path) -> Rows | None:
    found = _value(path)
    if isinstance(found, dict):
        found = found.get("rows")
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else None


__all__ = ["CHAMPION", "SINGLE", "Evidence", "read_evidence", "row_of"]
