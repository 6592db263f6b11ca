"""What training knows and what it will do: labelled rows, their parts, the elections to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from models.candidates.contract import Rows
from models.errors import TooFewRowsError
from models.model_set import ALL_PROFILES, Answer, Count
from models.pairs import Pairs
from models.settings import TrainingSettings
from models.signals import Signal, Task
from models.splits import Split, split_at_random, split_by_time
from models.uplift.logged_rows import LoggedRows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Labelled:
    """All that training needs to know: n contacts, their features, and each signal's pairs.

    `at` is (n,) microseconds since 1970 where `dated`, else ranks in time; None when the data says
    nothing of time.
    """

    columns: Mapping[str, NDArray[Any]]
    kinds: Mapping[str, Kind]
    ids: NDArray[Any]
    profile: NDArray[np.str_]
    at: NDArray[Any] | None
    offer_ids: tuple[str, ...]
    pairs: Mapping[Signal, Pairs]
    counts: tuple[Count, ...]
    fingerprint: str
    as_of: str
    dated: bool = False
    # Whose contact each is: the rows of one customer are not independent. None: each its own.
    customer: NDArray[Any] | None = None
    # What was presented to whom, with which probability; None where nothing says so.
    logged: LoggedRows | None = None

    def instant(self, at: int) -> str:
        """Return a value of `at` as text: ISO 8601 in UTC, or the rank."""
        if not self.dated:
            return str(at)
        return (_EPOCH + timedelta(microseconds=at)).isoformat()


@dataclass(frozen=True, slots=True)
class Election:
    """One election to hold: the pairs to fit on and the pairs to select by."""

    signal: Signal
    profile: str
    fit: NDArray[np.intp]
    select: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class SignalRows:
    """A signal's rows, gathered from the one matrix only when some are asked for."""

    matrix: NDArray[np.float32]
    offers: int
    pairs: Pairs
    at: NDArray[np.int64]

    def take(self, chosen: NDArray[np.intp]) -> Rows:
        """Return the chosen pairs as rows to fit or judge."""
        pairs = self.pairs
        return Rows(
            matrix=self.matrix[pairs.row[chosen]],
            offer=pairs.offer[chosen],
            offers=self.offers,
            label=pairs.label[chosen],
            weight=pairs.weight[chosen],
            at=self.at[pairs.row[chosen]],
        )


def split_pairs(labelled: Labelled, pairs: Pairs, *, settings: TrainingSettings) -> Split:
    """Return the parts of a signal's pairs: by time, or rows at random where there is none.

    Where pairs stand for unequally many of life, the judge part is thinned until its pairs stand
    for equally many: every figure is then one of life, and needs no weights.
    """
    rng = np.random.default_rng(settings.seed)
    if labelled.at is None:
        split = _split_rows(pairs, settings=settings, rng=rng)
    else:
        split = split_by_time(labelled.at[pairs.row], shares=settings.shares)
    weight = pairs.weight[split.judge]
    if len(weight) == 0 or weight.min() == weight.max():
        return split
    return replace(split, judge=split.judge[rng.random(len(weight)) * weight.max() < weight])


def _split_rows(pairs: Pairs, *, settings: TrainingSettings, rng: np.random.Generator) -> Split:
    """Return the parts such that all the pairs of a row lie in one."""
    rows, place = np.unique(pairs.row, return_inverse=True)
    split = split_at_random(len(rows), shares=settings.shares, rng=rng)
    parts = (split.fit, split.select, split.judge)
    return Split(*(np.flatnonzero(np.isin(place, part)) for part in parts))


def plan_elections(
    labelled: Labelled, splits: Mapping[Signal, Split], *, settings: TrainingSettings
) -> tuple[list[Election], list[Answer]]:
    """Return the elections to hold, largest first, and which model answers for whom."""
    jobs: list[Election] = []
    answers: list[Answer] = []
    profiles = sorted(set(labelled.profile.tolist()) - {ALL_PROFILES})
    for signal, split in splits.items():
        pairs = labelled.pairs[signal]
        short = _short(pairs.label[split.fit], pairs.label[split.select], signal, settings)
        if short is not None:
            continue
        jobs.append(Election(signal, ALL_PROFILES, split.fit, split.select))
        answers.append(_answer(signal, ALL_PROFILES, ALL_PROFILES))
        for profile in profiles:
            own = labelled.profile[pairs.row] == profile
            job = Election(
                signal, profile, split.fit[own[split.fit]], split.select[own[split.select]]
            )
            why = _short(pairs.label[job.fit], pairs.label[job.select], signal, settings)
            if why is None and len(profiles) > 1:
                jobs.append(job)
                answers.append(_answer(signal, profile, profile))
            else:
                answers.append(
                    _answer(signal, profile, ALL_PROFILES, why or "it is the only profile")
                )
    if not jobs:
        raise TooFewRowsError(
            "No signal has enough labelled rows to train on.",
            fix=f"At least {settings.fewest_rows} rows and {settings.fewest_positives} of each "
            "class are needed; give more contacts or lower the settings.",
        )
    return sorted(jobs, key=lambda job: -len(job.fit)), answers


def _answer(signal: Signal, profile: str, uses: str, why: str | None = None) -> Answer:
    return Answer(signal, profile, uses, "", f"{signal}/{uses}.json", why)


def _short(
    fit: NDArray[np.float64],
    select: NDArray[np.float64],
    signal: Signal,
    settings: TrainingSettings,
) -> str | None:
    """Return why the rows are too few, or None when they suffice."""
    if len(fit) < settings.fewest_rows:
        return f"{len(fit)} rows to fit on, fewer than {settings.fewest_rows}"
    rarer = int(min((fit != 0).sum(), len(fit) if signal.task is Task.AMOUNT else (fit == 0).sum()))
    if rarer < settings.fewest_positives:
        return f"{rarer} rows of the rarer class, fewer than {settings.fewest_positives}"
    if signal.task is Task.PROBABILITY and len(np.unique(select)) < 2:
        return "one class only among the rows to select by"
    return None
