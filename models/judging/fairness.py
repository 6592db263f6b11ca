"""Who is chosen, and how well it is told, in groups that people ask about: age, sex, region, ..."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.judging import influence
from models.judging.intervals import Scale, auc_interval, interval_of

Scores = NDArray[np.float64]

# Columns by which groups are made, where a table has them; numbers are cut into bands.
GROUPED = ("age", "sex", "gender", "language", "region", "home_owner", "marital", "education")
_AGE_EDGES = (30.0, 45.0, 60.0)
_FEWEST_ROWS = 50
# The share of contacts for whom there is room in the first pool.
CAPACITY = 0.3


@dataclass(frozen=True, slots=True)
class Group:
    """One group: the share of its contacts among the best-scored, and how they are told apart.

    `chosen` is the share of the group within the capacity, with its interval; `gap` the mean
    prediction less what happened.
    """

    column: str
    group: str
    rows: int
    rate: float
    chosen: float
    chosen_low: float
    chosen_high: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    gap: float


def fairness(
    columns: Mapping[str, NDArray[Any]],
    label: Scores,
    predicted: Scores,
    *,
    cluster: NDArray[Any] | None = None,
    capacity: float = CAPACITY,
) -> tuple[Group, ...]:
    """Return a row per group of each grouped column that is there; groups below fifty are not."""
    cut = np.quantile(predicted, 1 - capacity) if len(predicted) else 0.0
    chosen = (predicted >= cut).astype(np.float64)
    found: list[Group] = []
    for name in GROUPED:
        if name in columns:
            for text, rows in _groups(columns[name]):
                if len(rows) >= _FEWEST_ROWS:
                    found.append(_group(name, text, rows, label, predicted, chosen, cluster))
    return tuple(found)


def _group(
    column: str,
    text: str,
    rows: NDArray[np.intp],
    label: Scores,
    predicted: Scores,
    chosen: Scores,
    cluster: NDArray[Any] | None,
) -> Group:
    whose = None if cluster is None else cluster[rows]
    share = interval_of(influence.mean(chosen[rows]), cluster=whose, scale=Scale.LOG_ODDS)
    both = 0 < label[rows].sum() < len(rows)
    order = auc_interval(label[rows], predicted[rows], cluster=whose) if both else None
    return Group(
        column,
        text,
        len(rows),
        float(label[rows].mean()),
        share.value,
        share.low,
        share.high,
        order.value if order else None,
        order.low if order else None,
        order.high if order else None,
        float((predicted[rows] - label[rows]).mean()),
    )


def _groups(values: NDArray[Any]) -> Iterator[tuple[str, NDArray[np.intp]]]:
    if values.dtype.kind in "OU":
        words = np.array([str(v) if v is not None and v == v else "absent" for v in values])
        for word in np.unique(words):
            yield str(word), np.flatnonzero(words == word)
        return
    numbers = values.astype(np.float64)
    known = np.isfinite(numbers)
    if len(np.unique(numbers[known])) <= len(_AGE_EDGES) + 1:
        for value in np.unique(numbers[known]):
            yield f"{value:g}", np.flatnonzero(numbers == value)
    else:
        low = -np.inf
        for high in (*_AGE_EDGES, np.inf):
            text = f"under {high:g}" if low == -np.inf else f"{low:g} to {high:g}"
            text = f"{low:g} and over" if high == np.inf else text
            yield text, np.flatnonzero(known & (numbers >= low) & (numbers < high))
            low = high
    if not known.all():
        yield "absent", np.flatnonzero(~known)
