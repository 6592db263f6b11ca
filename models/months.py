"""Month by month: how each candidate would have done, by predictions made before the month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import losses
from models.judging.measures import auc
from models.selection import Elected
from models.signals import Task

Scores = NDArray[np.float64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Undated rows in order have no months: as many blocks of equal size instead.
_BLOCKS = 6
# Fewer rows of either outcome give no AUC that means anything.
_FEWEST_OF_A_CLASS = 10


def months_of(
    winner: Elected,
    *,
    signal: str,
    profile: str,
    dated: bool,
    judged: tuple[NDArray[np.int64], Scores, Mapping[Any, Scores]] | None,
) -> Iterator[dict[str, Any]]:
    """Yield a row per month and candidate: rows, positives, AUC and mean loss.

    The held spans come as foretold at each origin; `judged` adds the judge part (instants, labels
    and each candidate's predictions). Amounts have the root of the mean squared error instead.
    """
    scale = winner.scale if winner.task is Task.AMOUNT else 1.0
    parts = [("held", winner.held.at, winner.held.label * scale, _foretold(winner, scale))]
    if judged is not None:
        parts.append(("judged", *judged))
    for part, at, label, predicted in parts:
        for month, rows in _months(np.asarray(at), dated=dated):
            for name, scores in predicted.items():
                yield {
                    "signal": signal,
                    "profile": profile,
                    "part": part,
                    "month": month,
                    "candidate": str(name),
                    "elected": name == winner.champion,
                    "rows": len(rows),
                    "positives": int((label[rows] > 0).sum()),
                    **_figures(label[rows], scores[rows], task=winner.task),
                }


def _foretold(winner: Elected, scale: float) -> Mapping[Any, Scores]:
    return {name: standing.foretold * scale for name, standing in winner.standings.items()}


def _figures(label: Scores, predicted: Scores, *, task: Task) -> dict[str, float | None]:
    loss = float(losses(label, predicted, task=task).mean())
    if task is Task.AMOUNT:
        return {"rmse": float(np.sqrt(loss))}
    positives = int((label > 0).sum())
    told = min(positives, len(label) - positives) >= _FEWEST_OF_A_CLASS
    return {"auc": auc(label, predicted) if told else None, "log_loss": loss}


def _months(at: NDArray[np.int64], *, dated: bool) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yield each month (or block in order) with its rows, earliest first."""
    if dated:
        said = np.array([f"{_EPOCH + timedelta(microseconds=int(each)):%Y-%m}" for each in at])
        for month in np.unique(said):
            yield str(month), np.flatnonzero(said == month)
    elif len(at) and at.min() < at.max():
        order = np.argsort(at, kind="stable")
        for place, rows in enumerate(np.array_split(order, _BLOCKS)):
            if len(rows):
                yield f"block {place + 1}", rows
