"""Contacts to compare two forms of one model on: real ones, mixed ones, and drawn ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.encoding import Columns, Encoder, NominalColumn, NumericColumn

PARITY_ROWS = 10_000
# How much is taken away, beyond what is absent already.
_ABSENT_SHARE = 0.03
# How much further than the training rows the drawn numbers spread.
_WIDER = 1.5
_NEVER_SEEN = "a category that nobody has seen"


def mixed_rows(
    columns: Mapping[str, NDArray[Any]], *, rng: np.random.Generator, count: int = PARITY_ROWS
) -> Columns:
    """Return `count` contacts drawn, with replacement, from (n,) columns; n is at least 1.

    Every second one is drawn as it is; of the others each column is drawn on its own, so that
    combinations come up that nobody has seen, and some values are taken away.
    """
    total = len(next(iter(columns.values()), ()))
    whole = rng.integers(0, total, count)
    mixed = np.arange(count) % 2 == 1
    found: dict[str, NDArray[Any]] = {}
    for name, values in columns.items():
        chosen = np.where(mixed, rng.integers(0, total, count), whole)
        found[name] = _with_gaps(values[chosen], mixed & (rng.random(count) < _ABSENT_SHARE))
    return found


def drawn_rows(encoder: Encoder, *, rng: np.random.Generator, count: int = PARITY_ROWS) -> Columns:
    """Return `count` contacts as the encoder knows them: its numbers' spread, its categories.

    Every second number is whole, some values are absent, and some categories were never seen.
    """
    numeric = {column.name: _numbers(column, rng, count) for column in encoder.numeric}
    return numeric | {column.name: _texts(column, rng, count) for column in encoder.nominal}


def _with_gaps(values: NDArray[Any], absent: NDArray[np.bool_]) -> NDArray[Any]:
    if values.dtype.kind in "biuf":
        return np.where(absent, np.nan, values.astype(np.float64))
    found = values.astype(object)
    found[absent] = None
    return found


def _numbers(column: NumericColumn, rng: np.random.Generator, count: int) -> NDArray[Any]:
    values = column.mean + column.scale * rng.normal(0.0, _WIDER, count)
    if column.logged:
        values = np.sign(values) * np.expm1(np.abs(values))
    values = np.where(rng.random(count) < 0.5, np.round(values), values)
    return _with_gaps(values, rng.random(count) < _ABSENT_SHARE)


def _texts(column: NominalColumn, rng: np.random.Generator, count: int) -> NDArray[Any]:
    known = np.array([*column.categories, _NEVER_SEEN, None], dtype=object)
    return known[rng.integers(0, len(known), count)]
