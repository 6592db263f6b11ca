"""How far a column, or a score, lies from where it was when the champion was judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from features.contract import Kind
from models.judging.segments import holm

Floats = NDArray[np.float64]
_BINS = 10
# A share of nothing has no logarithm: half a row stands in.
_HALF = 0.5
_FEWEST = 50
_GOES_WITH_TIME = 0.5


@dataclass(frozen=True, slots=True)
class Drift:
    """One column before and now.

    `psi` is the population stability index over tenths (words: over categories; missing is a part
    of its own), less what chance alone gives; 0.1 is commonly called some, 0.25 much. `p` is of the
    same parts' chi-squared test, customers counted once, Holm's correction over all columns.
    `fresh_share` is the share of rows with a word never seen before. `with_time` says that the
    column moved with time before already, as an age does: that it goes on is no news.
    """

    name: str
    psi: float
    p: float
    missing_before: float
    missing_now: float
    mean_before: float | None
    mean_now: float | None
    fresh_share: float
    fresh: tuple[str, ...] = ()
    with_time: bool = False


def column_drift(
    before: Mapping[str, NDArray[Any]],
    now: Mapping[str, NDArray[Any]],
    *,
    kinds: Mapping[str, Kind],
    customers: tuple[NDArray[Any], NDArray[Any]],
    at: NDArray[np.int64],
) -> tuple[Drift, ...]:
    """Return each column's drift, largest first.

    `customers` are whose the rows before and now are, `at` (n,) when each row before was.
    """
    rows = [customer_rows(each) for each in customers]
    found = [
        _of_words(name, before[name], now[name], rows)
        if kind is Kind.NOMINAL
        else _of_numbers(name, _numbers(before[name]), _numbers(now[name]), rows)
        for name, kind in kinds.items()
    ]
    corrected = holm([drift.p for drift in found])
    told = [
        replace(drift, p=p, with_time=_with_time(before[drift.name], kinds[drift.name], at))
        for drift, p in zip(found, corrected, strict=True)
    ]
    return tuple(sorted(told, key=lambda drift: -drift.psi))


def _with_time(values: NDArray[Any], kind: Kind, at: NDArray[np.int64]) -> bool:
    """Return whether a column's ranks go with time (Spearman's correlation)."""
    if kind is Kind.NOMINAL:
        return False
    numbers = _numbers(values)
    known = ~np.isnan(numbers)
    if known.sum() < _FEWEST or np.ptp(numbers[known]) == 0 or np.ptp(at[known]) == 0:
        return False
    return bool(abs(stats.spearmanr(numbers[known], at[known]).statistic) > _GOES_WITH_TIME)


def score_drift(
    name: str, before: Floats, now: Floats, *, customers: tuple[NDArray[Any], NDArray[Any]]
) -> Drift:
    """Return the drift of predictions."""
    return _of_numbers(name, before, now, [customer_rows(each) for each in customers])


def customer_rows(customer: NDArray[Any]) -> float:
    """Return how many rows stand for one: the mean rows of a row's customer (design effect).

    A customer who calls often counts much: (sum of squares) / n, 1 when nobody calls twice.
    """
    count = np.unique(customer, return_counts=True)[1]
    return float((count**2).sum() / max(count.sum(), 1))


def _of_numbers(name: str, before: Floats, now: Floats, rows: list[float]) -> Drift:
    known = before[~np.isnan(before)]
    cuts = np.linspace(0, 1, _BINS + 1)[1:-1]
    edges: Floats = np.unique(np.quantile(known, cuts)) if len(known) else np.zeros(0)

    def parts(values: Floats) -> Floats:
        there = values[~np.isnan(values)]
        # Values equal to an edge lie above it, so that a column of few values keeps them apart.
        counts = np.bincount(np.searchsorted(edges, there, side="right"), minlength=len(edges) + 1)
        return np.append(counts, len(values) - len(there)).astype(np.float64)

    psi, p = _apart(parts(before), parts(now), rows)
    return Drift(
        name,
        psi,
        p,
        missing_before=float(np.isnan(before).mean()),
        missing_now=float(np.isnan(now).mean()),
        mean_before=_mean(before),
        mean_now=_mean(now),
        fresh_share=0.0,
    )


def _of_words(name: str, before: NDArray[Any], now: NDArray[Any], rows: list[float]) -> Drift:
    first, second = _words(before), _words(now)
    names = sorted(set(first) | set(second))
    place = {word: at for at, word in enumerate(names)}
    counts = [
        np.bincount([place[word] for word in each], minlength=len(names)).astype(np.float64)
        for each in (first, second)
    ]
    fresh = sorted(set(second) - set(first) - {""})
    psi, p = _apart(counts[0], counts[1], rows)
    return Drift(
        name,
        psi,
        p,
        missing_before=first.count("") / max(len(first), 1),
        missing_now=second.count("") / max(len(second), 1),
        mean_before=None,
        mean_now=None,
        fresh_share=sum(second.count(word) for word in fresh) / max(len(second), 1),
        fresh=tuple(fresh),
    )


def _apart(before: Floats, now: Floats, rows: list[float]) -> tuple[float, float]:
    """Return the index less what chance gives, and the p-value, of two counts of the same parts."""
    held = (before + now) > 0
    before, now = before[held], now[held]
    if len(before) < 2 or min(before.sum(), now.sum()) < _FEWEST:
        return 0.0, 1.0
    shares = [(each + _HALF) / (each + _HALF).sum() for each in (before, now)]
    index = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    # Customers, not rows, are independent: as many rows are worth fewer.
    worth = [each.sum() / by for each, by in zip((before, now), rows, strict=True)]
    chance = (len(before) - 1) * (1 / worth[0] + 1 / worth[1])
    both = (before / rows[0], now / rows[1])
    together = (both[0] + both[1]) / (worth[0] + worth[1])
    statistic = sum(
        float(((each - total * together) ** 2 / (total * together)).sum())
        for each, total in zip(both, worth, strict=True)
    )
    return float(max(index - chance, 0.0)), float(stats.chi2.sf(statistic, len(before) - 1))


def _numbers(values: NDArray[Any]) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _words(values: NDArray[Any]) -> list[str]:
    return ["" if v is None or v != v else str(v) for v in values.tolist()]


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
