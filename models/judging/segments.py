"""Where a model set is weakest: segments of customers, found by search and confirmed on others.

A segment is one readable condition, or two together. Hundreds are looked at, and the worst of
hundreds looks bad by chance alone: so half of the customers are searched, and what is reported is
measured on the other half. Where two model sets are compared, no half is held back; p-values are
then multiplied up by Holm's rule (Holm, A simple sequentially rejective multiple test procedure,
1979).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from models.judging import influence
from models.judging.intervals import Difference, auc_interval, interval_of, paired_auc

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_SHARE = 0.02
FEWEST_OF_A_CLASS = 30
# Conditions that are looked at in pairs: the worst ones alone.
_PAIRED = 12
_REPORTED = 10
_CONFIRMED = 30
_QUANTILES = (0.25, 0.5, 0.75)
_CATEGORIES_AT_MOST = 12


@dataclass(frozen=True, slots=True)
class Condition:
    """A readable condition and the (n,) rows that meet it."""

    text: str
    column: str
    rows: Mask


@dataclass(frozen=True, slots=True)
class Segment:
    """How the model set does in a segment, measured on customers who were not searched.

    `gap` is the mean prediction less what happened: above 0 it says too much.
    """

    text: str
    rows: int
    positives: int
    share: float
    auc: float
    auc_low: float
    auc_high: float
    auc_of_all: float
    gap: float
    gap_low: float
    gap_high: float


@dataclass(frozen=True, slots=True)
class SegmentDifference:
    """The AUC of one model set less another's within a segment; `p` is Holm's."""

    text: str
    rows: int
    difference: Difference
    p: float


def conditions(
    columns: Mapping[str, NDArray[Any]], *, kinds: Mapping[str, Kind], least_share: float
) -> list[Condition]:
    """Return the conditions on single columns that at least this share of the rows meets.

    Numbers are cut at their quartiles; what is absent is a condition of its own.
    """
    found: list[Condition] = []
    for name, kind in kinds.items():
        values = columns[name]
        made = _of_words(name, values) if kind is Kind.NOMINAL else _of_numbers(name, values)
        found += [
            condition
            for condition in made
            if least_share <= condition.rows.mean() <= 1 - least_share
        ]
    return found


def weakest(
    columns: Mapping[str, NDArray[Any]],
    label: Scores,
    predicted: Scores,
    *,
    kinds: Mapping[str, Kind],
    cluster: NDArray[Any] | None = None,
    least_share: float = LEAST_SHARE,
) -> tuple[Segment, ...]:
    """Return the segments in which probabilities order worst, lowest AUC first; at most ten.

    Returns nothing when there are too few of either outcome to search.
    """
    searched = _half(len(label), cluster)
    if min(_rarer(label[searched]), _rarer(label[~searched])) < 2 * FEWEST_OF_A_CLASS:
        return ()
    single = _distinct(conditions(columns, kinds=kinds, least_share=least_share))
    ranked = _ranked(single, label, predicted, searched)
    pairs = [
        Condition(f"{one.text} and {other.text}", one.column, one.rows & other.rows)
        for one, other in combinations(ranked[:_PAIRED], 2)
        if one.column != other.column and (one.rows & other.rows).mean() >= least_share
    ]
    held = ~searched
    whole = influence.auc(label[held], predicted[held]).value
    found = [
        _segment(each, label, predicted, held, cluster, whole)
        for each in _ranked(_distinct([*ranked, *pairs]), label, predicted, searched)[:_CONFIRMED]
        if _rarer(label[held & each.rows]) >= FEWEST_OF_A_CLASS
    ]
    return tuple(sorted(found, key=lambda each: each.auc)[:_REPORTED])


def compare_segments(
    columns: Mapping[str, NDArray[Any]],
    label: Scores,
    first: Scores,
    second: Scores,
    *,
    kinds: Mapping[str, Kind],
    cluster: NDArray[Any] | None = None,
    least_share: float = LEAST_SHARE,
) -> tuple[SegmentDifference, ...]:
    """Return, per condition, the AUC of the first predictions less the second's; lowest first."""
    found: list[tuple[Condition, Difference]] = []
    for each in conditions(columns, kinds=kinds, least_share=least_share):
        rows = each.rows
        if _rarer(label[rows]) < FEWEST_OF_A_CLASS:
            continue
        whose = None if cluster is None else cluster[rows]
        found.append((each, paired_auc(label[rows], first[rows], second[rows], cluster=whose)))
    adjusted = holm([difference.p for _, difference in found])
    made = [
        SegmentDifference(each.text, int(each.rows.sum()), difference, p)
        for (each, difference), p in zip(found, adjusted, strict=True)
    ]
    return tuple(sorted(made, key=lambda one: one.difference.value))


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values that hold for all of them together, in the order given."""
    order = np.argsort(p)
    adjusted, highest = [0.0] * len(p), 0.0
    for place, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - place) * p[at]))
        adjusted[at] = highest
    return adjusted


def _distinct(given: Sequence[Condition]) -> list[Condition]:
    """Return the conditions without those that name the same rows again."""
    found = {each.rows.tobytes(): each for each in reversed(given)}
    return list(reversed(found.values()))


def _ranked(
    given: Sequence[Condition], label: Scores, predicted: Scores, searched: Mask
) -> list[Condition]:
    """Return the conditions with enough rows, the most surely below the AUC of all first."""
    whole = influence.auc(label[searched], predicted[searched]).value
    shortfall: list[tuple[float, int]] = []
    for place, each in enumerate(given):
        rows = searched & each.rows
        if _rarer(label[rows]) < FEWEST_OF_A_CLASS:
            continue
        inside = influence.auc(label[rows], predicted[rows])
        error = float(np.sqrt((inside.influence**2).sum()))
        shortfall.append(((inside.value - whole) / max(error, 1e-9), place))
    return [given[place] for _, place in sorted(shortfall)]


def _segment(
    each: Condition,
    label: Scores,
    predicted: Scores,
    held: Mask,
    cluster: NDArray[Any] | None,
    whole: float,
) -> Segment:
    rows = held & each.rows
    whose = None if cluster is None else cluster[rows]
    order = auc_interval(label[rows], predicted[rows], cluster=whose)
    gap = interval_of(influence.mean(predicted[rows] - label[rows]), cluster=whose)
    return Segment(
        each.text,
        int(rows.sum()),
        int(label[rows].sum()),
        float(each.rows.mean()),
        order.value,
        order.low,
        order.high,
        whole,
        gap.value,
        gap.low,
        gap.high,
    )


def _half(count: int, cluster: NDArray[Any] | None) -> Mask:
    """Return which rows are searched: those of half the customers, always the same ones."""
    if cluster is None:
        return np.asarray(np.arange(count) % 2 == 0)
    names, place = np.unique(cluster, return_inverse=True)
    even = np.array([zlib.crc32(str(name).encode()) % 2 == 0 for name in names])
    return np.asarray(even[place])


def _rarer(label: Scores) -> int:
    positives = int((label > 0).sum())
    return min(positives, len(label) - positives)


def _of_numbers(name: str, values: NDArray[Any]) -> Iterator[Condition]:
    numbers = np.asarray(values, dtype=np.float64)
    present = np.isfinite(numbers)
    if not present.all():
        yield Condition(f"{name} absent", name, ~present)
    if not present.any():
        return
    distinct = np.unique(numbers[present])
    if len(distinct) <= len(_QUANTILES) + 1:
        for value in distinct:
            yield Condition(f"{name} = {value:g}", name, numbers == value)
        return
    # Three digits are as many as anyone reads, and the condition says just what is meant.
    quantiles = np.quantile(numbers[present], _QUANTILES)
    edges = np.unique([float(f"{edge:.3g}") for edge in quantiles])
    low = -np.inf
    for edge in (*edges, np.inf):
        rows = present & (numbers > low) & (numbers <= edge)
        yield Condition(_between(name, low, edge), name, rows)
        low = float(edge)


def _between(name: str, low: float, high: float) -> str:
    if not np.isfinite(low):
        return f"{name} up to {high:g}"
    return f"{name} above {low:g}" + (f" up to {high:g}" if np.isfinite(high) else "")


def _of_words(name: str, values: NDArray[Any]) -> Iterator[Condition]:
    words = np.array(
        ["(absent)" if v is None or v != v else str(v) for v in values.tolist()], dtype=np.str_
    )
    found, counts = np.unique(words, return_counts=True)
    for place in np.argsort(-counts, kind="stable")[:_CATEGORIES_AT_MOST]:
        yield Condition(f"{name} = {found[place]}", name, words == found[place])
