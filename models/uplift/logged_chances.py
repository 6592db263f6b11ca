"""The probabilities of all that a contact could have been given, where one of them was logged.

Where every contact with the same eligible offers was given each action with the same logged
probability, these are the probabilities. Elsewhere the others are estimated from the features,
each contact by a fit without its customer, and scaled to what the logged one leaves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.uplift.presented import NOTHING
from models.uplift.propensities import estimate_propensities

Numbers = NDArray[np.float64]

# How far logged probabilities may lie apart, and miss a sum of one, and still be one policy's.
_APART = 1e-6
_MISSING = 1e-3
# A logistic regression of many thousands says the same of rare actions as one of this many.
_FOLDS = 3


def logged_chances(
    matrix: NDArray[np.float32],
    *,
    action: NDArray[np.intp],
    eligible: NDArray[np.bool_],
    probability: Numbers,
    customer: NDArray[np.int64],
    rng: np.random.Generator,
) -> Numbers:
    """Return (n, k + 1) probabilities of nothing and of each offer; each row adds up to 1.

    `probability` (n,) is that of the action taken and is kept. An offer that was never given to
    such contacts gets 0: it cannot be compared.
    """
    patterns, group = np.unique(eligible, axis=0, return_inverse=True)
    found = np.zeros((len(action), eligible.shape[1] + 1))
    unknown = np.zeros(len(action), dtype=np.bool_)
    for each in range(len(patterns)):
        rows = np.flatnonzero(group.ravel() == each)
        policy = _policy(action[rows], probability[rows], actions=found.shape[1])
        if policy is None:
            unknown[rows] = True
        else:
            found[rows] = policy
    if unknown.any():
        rows = np.flatnonzero(unknown)
        found[rows] = _estimated(
            matrix[rows], action[rows], eligible[rows], customer[rows], rng=rng
        )
    return _kept(found, action=action, probability=probability)


def _policy(action: NDArray[np.intp], probability: Numbers, *, actions: int) -> Numbers | None:
    """Return the one policy that logged these contacts, or None when they say of no such."""
    policy = np.zeros(actions)
    for taken in np.unique(action):
        logged = probability[action == taken]
        if np.ptp(logged) > _APART:
            return None
        policy[taken + 1] = logged[0]
    return policy if abs(policy.sum() - 1.0) <= _MISSING else None


def _estimated(
    matrix: NDArray[np.float32],
    action: NDArray[np.intp],
    eligible: NDArray[np.bool_],
    customer: NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> Numbers:
    """Return estimates over the actions that were ever taken; the others get 0."""
    taken = np.unique(action)
    offers = taken[taken != NOTHING]
    found = np.zeros((len(action), eligible.shape[1] + 1))
    if len(taken) == 1:
        found[:, taken[0] + 1] = 1.0
        return found
    if len(offers) == len(taken):
        # Nothing was never the action: the offers are compared among themselves.
        return _without_nothing(found, action=action, eligible=eligible)
    numbered = np.where(action == NOTHING, NOTHING, np.searchsorted(offers, action))
    found[:, np.r_[0, offers + 1]] = estimate_propensities(
        matrix,
        action=numbered.astype(np.intp),
        eligible=eligible[:, offers],
        customer=customer,
        rng=rng,
        folds=_FOLDS,
    )
    return found


def _without_nothing(
    found: Numbers, *, action: NDArray[np.intp], eligible: NDArray[np.bool_]
) -> Numbers:
    share = np.bincount(action, minlength=eligible.shape[1]) / len(action)
    found[:, 1:] = np.where(eligible, share, 0.0)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _kept(found: Numbers, *, action: NDArray[np.intp], probability: Numbers) -> Numbers:
    """Return the rows with the logged value where it is known, the rest scaled to what is left."""
    row = np.arange(len(action))
    rest = found.copy()
    rest[row, action + 1] = 0.0
    total = rest.sum(axis=1)
    left = np.where(total > 0, 1.0 - probability, 0.0)
    rest *= (left / np.where(total > 0, total, 1.0))[:, None]
    rest[row, action + 1] = np.where(total > 0, probability, 1.0)
    return rest
