"""Weights that bring a table that was drawn unevenly back to life's shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.dataset_file import Sampling
from features.errors import ContractError


def row_weights(
    said: Sampling | None, table: pd.DataFrame, target: NDArray[np.float64], *, place: Path
) -> NDArray[np.float64]:
    """Return (n,) weights, 1 on average: how many rows of life each row of the table stands for.

    With a `positive_share` q in life and s in the table, positives weigh q / s and the others
    (1 - q) / (1 - s) (King and Zeng, Logistic regression in rare events data, 2001). Raises
    ContractError when neither or both keys are given, or a value has no such meaning.
    """
    if said is None:
        return np.ones(len(target))
    if (said.positive_share is None) == (said.weight is None):
        raise ContractError(
            "[sampling] says neither or both of 'positive_share' and 'weight'.",
            fix="Give the share of positives in life, or the column of weights: one of them.",
        )
    if said.positive_share is not None:
        return _of_share(said.positive_share, target)
    return _of_column(str(said.weight), table, place=place)


def _of_share(share: float, target: NDArray[np.float64]) -> NDArray[np.float64]:
    if not 0 < share < 1:
        raise ContractError(
            f"[sampling] has positive_share = {share:g}, which is no share.",
            fix="It lies between 0 and 1: 0.02 where two of a hundred buy in life.",
        )
    there = float(target.mean())
    if set(np.unique(target)) != {0.0, 1.0}:
        raise ContractError(
            "[sampling] has a positive_share, but the target is not 0 and 1.",
            fix="Name the target's `positive` value, or give a column of weights.",
        )
    return np.where(target == 1, share / there, (1 - share) / (1 - there))


def _of_column(name: str, table: pd.DataFrame, *, place: Path) -> NDArray[np.float64]:
    values = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values > 0)))
    if wrong.size:
        raise ContractError(
            f"Column '{name}' of '{place.name}' has '{table[name].iloc[wrong[0]]}' in row "
            f"{wrong[0] + 1}, which is no weight ({wrong.size} such rows).",
            fix="A weight is a number above 0: how many rows of life the row stands for.",
        )
    return np.asarray(values / values.mean(), dtype=np.float64)
