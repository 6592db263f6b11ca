"""Presented rows of a flat table that has a treatment column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.dataset import Dataset
from models.encoding import Encoder
from models.uplift.effects import LogError
from models.uplift.presented import PresentedRows


def presented_rows(
    dataset: Dataset, *, outcome: str | None = None, offer: str | None = None
) -> tuple[PresentedRows, tuple[str, ...]]:
    """Return the rows of a randomised trial, and the treatments that are the offers 0, 1, ...

    `outcome` names the target or a second target; `offer` keeps one treatment beside the control.
    Each treatment's probability is its share, as in a trial with the same chances for all; every
    row is its own customer. Raises LogError when there is no treatment, or no such outcome.
    """
    given = dataset.treatment
    if given is None:
        raise LogError(
            f"'{dataset.name}' has no treatment column: nothing was presented.",
            fix="Name it under [treatment] in the dataset file.",
        )
    offers = tuple(sorted({str(each) for each in given} - {str(dataset.control)}))
    if offer is not None:
        offers = tuple(each for each in offers if each == offer)
    kept = np.flatnonzero(np.isin(given, (*offers, str(dataset.control))))
    place = {str(dataset.control): -1, **{each: at for at, each in enumerate(offers)}}
    action = np.array([place[str(each)] for each in given[kept]], dtype=np.intp)
    shares = np.bincount(action + 1, minlength=len(offers) + 1) / max(len(action), 1)
    columns = {name: dataset.frame[name].to_numpy()[kept] for name in dataset.kinds}
    count = len(kept)
    at = np.zeros(count, dtype=np.int64)
    rows = PresentedRows(
        Encoder.fitted(columns, kinds=dataset.kinds).encode(columns),
        action,
        np.tile(shares, (count, 1)),
        np.ones((count, len(offers)), dtype=np.bool_),
        _outcome(dataset, outcome)[kept],
        np.arange(count, dtype=np.int64),
        at if dataset.time_order is None else dataset.time_order[kept],
    )
    return rows, offers


def _outcome(dataset: Dataset, name: str | None) -> NDArray[np.float64]:
    known = {dataset.target_name: dataset.target, **dataset.second_targets}
    wanted = dataset.target_name if name is None else name
    if wanted not in known:
        raise LogError(
            f"'{dataset.name}' has no outcome '{wanted}'.", fix=f"It has: {', '.join(known)}."
        )
    return np.asarray(known[wanted], dtype=np.float64)
