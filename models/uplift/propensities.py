"""Presentation probabilities of a log that has none: estimated, each without its own customer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.uplift.effects import LogError
from models.uplift.folds import customer_folds

# No estimate goes below this: a weight of 1 / 0.02 already lets one contact speak for fifty.
LEAST_PROPENSITY = 0.02


def estimate_propensities(
    matrix: NDArray[np.float32],
    *,
    action: NDArray[np.intp],
    eligible: NDArray[np.bool_],
    customer: NDArray[Any],
    rng: np.random.Generator,
    folds: int = 5,
    least: float = LEAST_PROPENSITY,
) -> NDArray[np.float64]:
    """Return (n, k + 1) probabilities of nothing and of each offer, cross-fitted by customer.

    A multinomial logistic regression (ridge penalty, C = 1) on the features; what is not eligible
    gets 0, what is at least `least`, and each row is scaled to a sum of one, so that the least can
    end a little lower. Raises LogError when an offer, or nothing, was never the action.
    """
    actions = eligible.shape[1] + 1
    absent = sorted(set(range(actions)) - set((action + 1).tolist()))
    if absent:
        what = "Nothing" if absent[0] == 0 else f"Offer {absent[0] - 1}"
        raise LogError(
            f"{what} was never presented in this log: its probability cannot be estimated.",
            fix="Leave the offer out, or log contacts that got it.",
        )
    fold = customer_folds(customer, count=folds, rng=rng)
    raw = np.zeros((len(action), actions))
    for each in range(folds):
        out = fold == each
        model = LogisticRegression(max_iter=500).fit(matrix[~out], action[~out] + 1)
        raw[np.ix_(out, model.classes_)] = model.predict_proba(matrix[out])
    return _clipped(raw, eligible, least=least)


def _clipped(
    raw: NDArray[np.float64], eligible: NDArray[np.bool_], *, least: float
) -> NDArray[np.float64]:
    allowed = np.column_stack([np.ones(len(raw), dtype=np.bool_), eligible])
    kept = np.where(allowed, raw, 0.0)
    kept /= kept.sum(axis=1, keepdims=True)
    kept = np.where(allowed, np.maximum(kept, least), 0.0)
    return np.asarray(kept / kept.sum(axis=1, keepdims=True))
