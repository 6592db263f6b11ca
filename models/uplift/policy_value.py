"""The value of a policy, from the log of another: what would have come, had it decided.

Let w_i = pi(a_i | x_i) / e(a_i | x_i), the policy's probability of what was done over the logged
one, m the expected outcomes.

    IPS                 mean of w_i y_i (Horvitz and Thompson, JASA 1952)
    self-normalised     sum of w_i y_i / sum of w_i (Hajek; Swaminathan and Joachims, NIPS 2015)
    doubly robust       mean of sum_a pi(a | x_i) m_a(x_i) + w_i (y_i - m_{a_i}(x_i))
                        (Dudik, Langford and Li, ICML 2011)

Intervals of 95 % come from each contact's influence, added up by customer. The policy must not have
been learnt from these contacts, nor m from the contact itself, or the value flatters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.influence import Estimate
from models.judging.intervals import Difference, Interval, Scale, difference_of, interval_of
from models.uplift.doubly_robust import action_scores
from models.uplift.effects import THIN_EFFECTIVE_SHARE, THIN_PROBABILITY, LogError
from models.uplift.presented import PresentedRows

Numbers = NDArray[np.float64]

_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """The mean outcome per contact under a policy, three ways, in the outcome's unit.

    `doubly_robust` is the one to quote. `effective` is Kish's effective number of contacts among
    those where the policy agrees with the log. `warnings` say in plain words what to mind.
    """

    ips: Interval
    self_normalised: Interval
    doubly_robust: Interval
    effective: float
    contacts: int
    warnings: tuple[str, ...]


def chances(policy: NDArray[np.intp] | Numbers, *, offers: int) -> Numbers:
    """Return (n, k + 1) probabilities of nothing and each offer of a policy.

    A policy is (n,) actions (-1 nothing), or these probabilities already. Raises LogError for
    actions or probabilities that are none.
    """
    if policy.ndim == 1:
        if len(policy) and not (policy.min() >= -1 and policy.max() < offers):
            raise LogError(
                f"A policy chose an action outside -1 (nothing) to {offers - 1}.",
                fix="Number the offers as the log does.",
            )
        return np.eye(offers + 1)[np.asarray(policy, dtype=np.intp) + 1]
    fine = policy.shape[1] == offers + 1 and (policy >= 0).all()
    if not fine or np.abs(policy.sum(axis=1) - 1).max(initial=0.0) > _SUM_TOLERANCE:
        raise LogError(
            "The probabilities of a policy are below 0, or do not add up to 1 per contact.",
            fix=f"Give the probability of nothing, then of each of the {offers} offers.",
        )
    return np.asarray(policy, dtype=np.float64)


def policy_value(
    rows: PresentedRows, *, policy: NDArray[np.intp] | Numbers, expected: Numbers
) -> PolicyValue:
    """Return the value of a policy by all three ways, with warnings where overlap is thin.

    `policy` is (n,) actions or (n, k + 1) probabilities; `expected` (n, k + 1) are expected
    outcomes by fits without the contact (`cross_fit_outcomes`), or zeros. Raises LogError.
    """
    pi = _checked(rows, policy)
    weight = _weights(rows, pi)
    count = len(rows)
    plain = weight * rows.outcome
    total = max(float(weight.sum()), 1e-12)
    ratio = float(plain.sum()) / total
    three = (
        Estimate(float(plain.mean()), (plain - plain.mean()) / count),
        Estimate(ratio, weight * (rows.outcome - ratio) / total),
        _doubly_robust(rows, pi, expected),
    )
    names = ("IPS", "self-normalised IPS", "doubly robust")
    found = [
        interval_of(each, cluster=rows.customer, scale=Scale.SKEWED, method=name)
        for each, name in zip(three, names, strict=True)
    ]
    effective = float(weight.sum() ** 2 / max(float(np.square(weight).sum()), 1e-12))
    return PolicyValue(
        ips=found[0],
        self_normalised=found[1],
        doubly_robust=found[2],
        effective=effective,
        contacts=count,
        warnings=_warnings(rows, pi, weight, effective),
    )


def policy_difference(
    rows: PresentedRows,
    *,
    policy: NDArray[np.intp] | Numbers,
    against: NDArray[np.intp] | Numbers,
    expected: Numbers,
) -> Difference:
    """Return the doubly robust value of one policy less that of another, paired by contact."""
    first, second = (
        _doubly_robust(rows, _checked(rows, each), expected) for each in (policy, against)
    )
    return difference_of(first, second, cluster=rows.customer, method="doubly robust, paired")


def _checked(rows: PresentedRows, policy: NDArray[np.intp] | Numbers) -> Numbers:
    if len(policy) != len(rows):
        raise LogError(
            f"The policy decides on {len(policy)} contacts of {len(rows)}.",
            fix="Give one decision per contact of the log.",
        )
    pi = chances(policy, offers=rows.offers)
    if (pi[:, 1:][~rows.eligible] > 0).any():
        raise LogError(
            "The policy gives an offer to a contact that is not eligible for it.",
            fix="Choose among the eligible offers and nothing.",
        )
    return pi


def _weights(rows: PresentedRows, pi: Numbers) -> Numbers:
    return np.asarray(pi[np.arange(len(rows)), rows.action + 1] / rows.taken)


def _doubly_robust(rows: PresentedRows, pi: Numbers, expected: Numbers) -> Estimate:
    each = (pi * action_scores(rows, expected=expected)).sum(axis=1)
    return Estimate(float(each.mean()), (each - each.mean()) / len(rows))


def _warnings(
    rows: PresentedRows, pi: Numbers, weight: Numbers, effective: float
) -> tuple[str, ...]:
    """Return in plain words where the log says little of the policy."""
    found = []
    agree = weight > 0
    never = float((pi * (rows.propensity <= 0)).sum(axis=1).mean())
    if never > 0:
        found.append(
            f"No overlap: {never:.1%} of what the policy decides was never tried on such contacts; "
            "their value rests on the models alone."
        )
    rare = float((pi * (rows.propensity < THIN_PROBABILITY)).sum(axis=1).mean()) - never
    if rare > 0:
        found.append(
            f"Thin overlap: {rare:.1%} of what the policy decides was logged with a probability "
            f"below {THIN_PROBABILITY:g}."
        )
    if effective < THIN_EFFECTIVE_SHARE * int(agree.sum()):
        found.append(
            f"A few contacts count for many: the {int(agree.sum()):,} that agree with the policy "
            f"weigh as much as {effective:,.0f} alike."
        )
    return tuple(found)
