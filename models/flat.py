"""Train on one flat table (a row per contact) and predict for rows of the same form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.dataset import Dataset
from features.progress import Track, silent
from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.errors import ModelError
from models.model_set import Count
from models.pairs import Pairs
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal
from models.training import TrainedModelSet, fingerprint
from models.uplift.logged_rows import LoggedRows


def train_flat(
    dataset: Dataset, *, settings: TrainingSettings, out: Path, track: Track = silent
) -> TrainedModelSet:
    """Write the model set folder `out` for one flat table and return it.

    The signal is `accept` when the target is 0 or 1, else `value`. Treatments other than the
    control are the offers; control rows give `baseline`. Rows are split by time where the
    dataset has an order, else at random. Raises TooFewRowsError, ParityError.
    """
    manifest = assemble(labelled_rows(dataset), out=out, settings=settings, track=track)
    return TrainedModelSet(out.name, out, manifest)


def predict_flat(
    model_set: CompiledModelSet,
    frame: pd.DataFrame,
    *,
    profile: Sequence[str] | None = None,
    treatment: Sequence[str] | None = None,
) -> NDArray[np.float64]:
    """Return (n,) predictions of the first signal for rows of the dataset's form.

    `treatment` names an offer per row; without it rows have none. Raises EncodingError, or
    ModelError for a treatment that the model set does not know.
    """
    columns = {str(name): frame[name].to_numpy() for name in frame.columns}
    matrix = model_set.encode(columns)
    return model_set.predict(
        model_set.signals[0],
        matrix,
        profile=np.array(profile if profile is not None else ["all"] * len(frame), dtype=np.str_),
        offer=_places(treatment, model_set.offer_ids, count=len(frame)),
    )


def some_rows(dataset: Dataset, chosen: NDArray[np.intp]) -> Dataset:
    """Return the dataset with the chosen rows only."""
    return replace(
        dataset,
        ids=dataset.ids[chosen],
        frame=dataset.frame.iloc[chosen].reset_index(drop=True),
        target=dataset.target[chosen],
        second_targets={name: each[chosen] for name, each in dataset.second_targets.items()},
        profile=dataset.profile[chosen],
        time_order=None if dataset.time_order is None else dataset.time_order[chosen],
        treatment=None if dataset.treatment is None else dataset.treatment[chosen],
        weight=dataset.weight[chosen],
    )


def labelled_rows(dataset: Dataset) -> Labelled:
    """Return the dataset in the form that training takes."""
    given = dataset.treatment
    offers = (
        tuple(sorted({str(t) for t in given.tolist()} - {dataset.control}))
        if given is not None
        else ()
    )
    offer = _places(
        None if given is None else given.tolist(),
        (*offers, str(dataset.control)),
        count=len(dataset.ids),
    )
    presented = np.flatnonzero(offer < len(offers)) if given is not None else np.arange(len(offer))
    pairs = {_signal(dataset.target): _pairs(dataset, presented, offer[presented])}
    control = np.flatnonzero(offer == len(offers)) if given is not None else offer[:0]
    if len(control):
        pairs[Signal.BASELINE] = _pairs(
            dataset, np.repeat(control, len(offers)), np.tile(np.arange(len(offers)), len(control))
        )
    return Labelled(
        columns={name: _values(dataset.frame[name]) for name in dataset.kinds},
        kinds=dataset.kinds,
        ids=dataset.ids,
        profile=dataset.profile.astype(np.str_),
        at=dataset.time_order,
        offer_ids=offers,
        pairs=pairs,
        counts=(
            Count("rows of the table", len(dataset.ids)),
            *(Count(f"pairs of {signal}", len(each)) for signal, each in pairs.items()),
        ),
        fingerprint=fingerprint(dataset.place),
        as_of="",
        logged=_logged(dataset, np.where(offer < len(offers), offer, -1)) if len(control) else None,
    )


def _logged(dataset: Dataset, action: NDArray[np.intp]) -> LoggedRows | None:
    """Return the trial's rows: each treatment's probability is its share, as chosen by lot.

    Rows that stand for unequally many of life are no trial's; every row is its own customer.
    """
    if np.ptp(dataset.weight) > 0:
        return None
    share = np.bincount(action + 1) / len(action)
    return LoggedRows(
        row=np.arange(len(action)),
        action=action,
        eligible=np.ones((len(action), len(share) - 1), dtype=np.bool_),
        probability=share[action + 1],
        outcome=dataset.target,
    )


def _signal(target: NDArray[np.float64]) -> Signal:
    return Signal.ACCEPT if set(np.unique(target)) <= {0.0, 1.0} else Signal.VALUE


def _pairs(dataset: Dataset, row: NDArray[np.intp], offer: NDArray[np.intp]) -> Pairs:
    return Pairs(row, offer.astype(np.intp), dataset.target[row], dataset.weight[row])


def _values(column: pd.Series[Any]) -> NDArray[Any]:
    return np.asarray(column.to_numpy())


def _places(
    named: Sequence[str] | None, offer_ids: tuple[str, ...], *, count: int
) -> NDArray[np.intp]:
    if named is None:
        return np.full(count, -1, dtype=np.intp)
    place = {offer: at for at, offer in enumerate(offer_ids)}
    unknown = sorted({str(name) for name in named} - place.keys())
    if unknown:
        raise ModelError(
            f"'{unknown[0]}' is no offer of the model set.",
            fix=f"It has: {', '.join(offer_ids)}.",
        )
    return np.array([place[str(name)] for name in named], dtype=np.intp)
