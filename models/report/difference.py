"""How a model set differs from another: measures on the same rows, features, who moves group."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledModelSet
from models.errors import ModelError
from models.judging import influence
from models.judging.intervals import paired_auc, paired_mean_loss
from models.model_set import JUDGE, read_manifest
from models.promotion.contest import meet
from models.promotion.gate import JudgedRows
from models.report.leading import Leading, leading
from models.signals import Signal, Task

Scores = NDArray[np.float64]

EVERY_PROFILE = "every profile"
# The share of callers that the first pool of agents can take, where nothing else is said.
FIRST_POOL = 0.3
_FEWEST_OF_A_CLASS = 10
_EXAMPLES = 5
_STRONGEST = 12


class NothingToCompareError(ModelError):
    """Two model sets have no judged contact in common that neither was fitted on."""

    status = 409


@dataclass(frozen=True, slots=True)
class MeasureDifference:
    """A measure of both sets on the same rows; `gain` above 0 means that the new one is better."""

    profile: str
    measure: str
    rows: int
    new: float
    old: float
    gain: float
    low: float
    high: float
    method: str

    @property
    def verdict(self) -> str:
        """Return better or worse where the interval leaves no doubt, else `no sure difference`."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no sure difference"


@dataclass(frozen=True, slots=True)
class WeightChange:
    """The effect of one encoded column on acceptance in both sets; None where it has none."""

    profile: str
    column: str
    new: float | None
    old: float | None


@dataclass(frozen=True, slots=True)
class Move:
    """How many judged rows go from one value group to the other, with some of the customers."""

    profile: str
    before: str
    after: str
    rows: int
    share: float
    accepted: float | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetDifference:
    """Everything that a person weighs before one model set replaces another.

    `share` is the part of the rows that the higher value group holds; `note` tells which rows.
    """

    new: str
    old: str
    note: str
    measures: tuple[MeasureDifference, ...]
    features_added: tuple[str, ...]
    features_removed: tuple[str, ...]
    weights: tuple[WeightChange, ...]
    share: float
    moves: tuple[Move, ...]


def difference(
    folder: Path, *, champion: Path, home: Path | None = None, share: float = FIRST_POOL
) -> SetDifference:
    """Return how the model set in `folder` differs from the one in `champion`.

    Rows are judged contacts of `folder` that the other was not fitted on. Raises
    NothingToCompareError when there is none, DataNotFoundError when they lack a feature.
    """
    new, old = read_manifest(folder), read_manifest(champion)
    held = CompiledModelSet.load(champion, threads=1)
    rows = meet(folder / JUDGE, home=home or folder, champion=held)
    if rows.champion is None or not len(rows.label):
        raise NothingToCompareError(
            f"No judged contact of {new.version} is unknown to {old.version}.",
            fix="Train again when there are contacts newer than the champion.",
        )
    ours, theirs = ({name for name, _ in each.features} for each in (new, old))
    return SetDifference(
        new.version,
        old.version,
        rows.note,
        tuple(_measures(rows, rows.champion)),
        tuple(sorted(ours - theirs)),
        tuple(sorted(theirs - ours)),
        _weights(
            leading(folder, top=_STRONGEST),
            leading(champion, top=1_000),
            leading(folder, top=1_000),
        ),
        share,
        tuple(_moves(rows, rows.champion, share=share)),
    )


def _measures(rows: JudgedRows, champion: Scores) -> Iterator[MeasureDifference]:
    every = np.ones(len(rows.label), dtype=np.bool_)
    profiles = np.unique(rows.profile)
    chosen = [(EVERY_PROFILE, every)]
    if len(profiles) > 1:
        chosen += [(str(name), rows.profile == name) for name in profiles]
    for profile, rows_of in chosen:
        yield from _of_profile(profile, rows, champion, rows_of)


def _of_profile(
    profile: str, rows: JudgedRows, champion: Scores, chosen: NDArray[np.bool_]
) -> Iterator[MeasureDifference]:
    label, new, old = rows.label[chosen], rows.challenger[chosen], champion[chosen]
    whose = None if rows.customer is None else rows.customer[chosen]
    count, positives = len(label), int((label > 0).sum())
    if min(positives, count - positives) < _FEWEST_OF_A_CLASS:
        return
    order = paired_auc(label, new, old, cluster=whose)
    yield MeasureDifference(
        profile,
        "AUC",
        count,
        influence.auc(label, new).value,
        influence.auc(label, old).value,
        order.value,
        order.low,
        order.high,
        order.method,
    )
    task = Task.PROBABILITY
    less = paired_mean_loss(label, old, new, task=task, cluster=whose)
    yield MeasureDifference(
        profile,
        "log loss",
        count,
        influence.mean_loss(label, new, task=task).value,
        influence.mean_loss(label, old, task=task).value,
        less.value,
        less.low,
        less.high,
        less.method,
    )


def _weights(
    strongest: tuple[Leading, ...], old: tuple[Leading, ...], new: tuple[Leading, ...]
) -> tuple[WeightChange, ...]:
    """Return the weights of acceptance that lead in either set, the largest change first."""
    after = {(row.profile, row.column): row.effect for row in new if row.signal == Signal.ACCEPT}
    before = {(row.profile, row.column): row.effect for row in old if row.signal == Signal.ACCEPT}
    keys = {(row.profile, row.column) for row in strongest if row.signal == Signal.ACCEPT}
    keys |= {
        (row.profile, row.column)
        for row in old
        if row.signal == Signal.ACCEPT and row.rank <= _STRONGEST
    }
    found = [WeightChange(*key, after.get(key), before.get(key)) for key in keys]
    return tuple(sorted(found, key=lambda row: (-_change(row), row.profile, row.column)))


def _change(row: WeightChange) -> float:
    return abs((row.new or 0.0) - (row.old or 0.0))


def _moves(rows: JudgedRows, champion: Scores, *, share: float) -> Iterator[Move]:
    """Yield the four ways from a group of the old set to one of the new, over all profiles."""
    after, before = _higher(rows.challenger, share), _higher(champion, share)
    names = {True: "higher", False: "lower"}
    shift = np.abs(_rank(rows.challenger) - _rank(champion))
    for was in (True, False):
        for becomes in (True, False):
            chosen = np.flatnonzero((before == was) & (after == becomes))
            furthest = chosen[np.argsort(-shift[chosen], kind="stable")]
            yield Move(
                EVERY_PROFILE,
                names[was],
                names[becomes],
                len(chosen),
                len(chosen) / len(rows.label),
                float(rows.label[chosen].mean()) if len(chosen) else None,
                _whose(rows, furthest) if was != becomes else (),
            )


def _whose(rows: JudgedRows, places: NDArray[np.intp]) -> tuple[str, ...]:
    if rows.customer is None:
        return ()
    return tuple(dict.fromkeys(str(rows.customer[place]) for place in places))[:_EXAMPLES]


def _higher(predicted: Scores, share: float) -> NDArray[np.bool_]:
    """Return which rows the first pool takes: the best-scored share, ties in order."""
    return np.asarray(_rank(predicted) < round(share * len(predicted)))


def _rank(predicted: Scores) -> NDArray[np.intp]:
    rank = np.empty(len(predicted), dtype=np.intp)
    rank[np.argsort(-predicted, kind="stable")] = np.arange(len(predicted))
    return rank
