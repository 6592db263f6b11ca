"""How far probabilities lie from what happens, and how far chance alone would put them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

BINS = 10
_REPLICATES = 1000
# The same rows, the same interval: the draws are not a second source of differences.
_SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """The expected calibration error of n rows.

    `low` and `high` are its interval by bootstrap over customers, less the bootstrap's own bias.
    `chance` is what true probabilities have on such rows on average, `chance_high` what they
    stay below in 99 of 100 samples: an error below it is no evidence against the model.
    """

    value: float
    low: float
    high: float
    chance: float
    chance_high: float


def expected_calibration_error(label: Scores, predicted: Scores) -> float:
    """Return the mean distance of predicted from observed share, over ten equal-count bins."""
    return float(
        sum(
            abs(predicted[rows].mean() - label[rows].mean()) * len(rows)
            for rows in equal_bins(predicted)
        )
        / len(label)
    )


def calibration_error(
    label: Scores, predicted: Scores, *, cluster: NDArray[Any] | None = None
) -> CalibrationError:
    """Return the expected calibration error with its interval and with what chance gives.

    Both are drawn from the bins' sums: a bin's difference is a sum over customers, so that its
    draws are normal with the customers' own covariance. (The bins stay those of the rows.)
    """
    bins = equal_bins(predicted)
    size = np.array([len(rows) for rows in bins], dtype=np.float64)
    gap = np.array([float((label[rows] - predicted[rows]).sum()) for rows in bins])
    rng = np.random.default_rng(_SEED)
    spread = _covariance(label - predicted, bins, cluster)
    drawn = rng.multivariate_normal(gap, spread, _REPLICATES, method="eigh")
    errors = np.abs(drawn).sum(axis=1) / size.sum()
    value = float(np.abs(gap).sum() / size.sum())
    shifted = np.maximum(errors - (errors.mean() - value), 0.0)
    # Were the probabilities true, a bin's sum would vary by p (1 - p), customer by customer.
    under_truth = np.array([float((predicted[r] * (1 - predicted[r])).sum()) for r in bins])
    by_chance = np.abs(rng.normal(size=(_REPLICATES, len(bins))) * np.sqrt(under_truth))
    chance = by_chance.sum(axis=1) / size.sum()
    low, high = np.percentile(shifted, [2.5, 97.5])
    return CalibrationError(
        value, float(low), float(high), float(chance.mean()), float(np.percentile(chance, 99))
    )


def equal_bins(predicted: Scores) -> list[NDArray[np.intp]]:
    """Return ten bins of equally many rows, lowest predictions first; empty ones are left out."""
    order = np.argsort(predicted, kind="stable")
    return [rows for rows in np.array_split(order, BINS) if len(rows)]


def _covariance(
    residual: Scores, bins: list[NDArray[np.intp]], cluster: NDArray[Any] | None
) -> Scores:
    """Return the covariance of the bins' sums of residuals, added up by customer."""
    place = np.empty(len(residual), dtype=np.intp)
    for at, rows in enumerate(bins):
        place[rows] = at
    if cluster is None:
        centred = [float(((residual[r] - residual[r].mean()) ** 2).sum()) for r in bins]
        return np.diag(centred)
    whose = np.unique(cluster, return_inverse=True)[1]
    means = np.array([residual[rows].mean() for rows in bins])
    sums = np.zeros((int(whose.max()) + 1, len(bins)))
    np.add.at(sums, (whose, place), residual - means[place])
    return np.asarray(sums.T @ sums, dtype=np.float64)
