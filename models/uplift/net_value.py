"""Net value: what a policy is worth after presentation, lapse and the chances it lets pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.intervals import Difference
from models.uplift.effects import LogError
from models.uplift.policy_value import PolicyValue, chances, policy_difference, policy_value
from models.uplift.presented import NOTHING, PresentedRows
from models.uplift.ranking import best_offers

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Economics:
    """Money per offer, (k,) each: margin of a sale that stays, cost of presenting, of a lapse."""

    margin: Numbers
    presentation_cost: Numbers
    lapse_cost: Numbers

    def __post_init__(self) -> None:
        """Refuse columns of different length."""
        lengths = {len(getattr(self, name)) for name in self.__slots__}
        if len(lengths) > 1:
            raise LogError(
                f"Margins and costs are of {sorted(lengths)} offers.",
                fix="Give each of them once per offer.",
            )


@dataclass(frozen=True, slots=True)
class NetValue:
    """The net money per contact of a policy.

    `added` is against presenting nothing to anyone. `regret` is what the best offer would have
    added where the policy gives nothing: below 0, giving nothing was right. `presented` is the
    share of contacts given an offer, `presentation` what presenting costs per contact.
    """

    value: PolicyValue
    added: Difference
    regret: Difference
    presented: float
    presentation: float


def net_outcomes(
    action: NDArray[np.intp], *, sold: Flags, lapsed: Flags, economics: Economics
) -> Numbers:
    """Return (n,) net money of logged contacts.

    `sold` and `lapsed` are (n, k): what was bought within the window, presented or not, and which
    of these sales lapsed within maturity. Presenting costs whether or not it sells.
    """
    per_sale = np.where(lapsed, -economics.lapse_cost, economics.margin)
    costs = np.append(economics.presentation_cost, 0.0)
    return np.asarray((sold * per_sale).sum(axis=1) - costs[action])


def net_worth(uplift: Numbers, *, lapse: Numbers, economics: Economics) -> Numbers:
    """Return (n, k) net money that presenting each offer adds, from uplift in probability.

    `uplift * (margin * (1 - lapse) - lapse_cost * lapse) - presentation_cost`.
    """
    per_sale = economics.margin * (1.0 - lapse) - economics.lapse_cost * lapse
    return np.asarray(uplift * per_sale - economics.presentation_cost)


def net_value(
    rows: PresentedRows,
    *,
    policy: NDArray[np.intp] | Numbers,
    worth: Numbers,
    expected: Numbers,
    economics: Economics,
) -> NetValue:
    """Return the net value of a policy from a log whose outcome is net money (`net_outcomes`).

    `worth` (n, k) is the predicted net money of each offer, by which the best of those passed over
    is chosen; `expected` as for `policy_value`. Raises LogError.
    """
    pi = chances(policy, offers=rows.offers)
    nothing = np.full(len(rows), NOTHING)
    second = chances(best_offers(worth, allowed=rows.comparable), offers=rows.offers)
    never_nothing = pi * np.append(0.0, np.ones(rows.offers)) + pi[:, :1] * second
    value = policy_value(rows, policy=pi, expected=expected)
    return NetValue(
        value=value,
        added=policy_difference(rows, policy=pi, against=nothing, expected=expected),
        regret=policy_difference(rows, policy=never_nothing, against=pi, expected=expected),
        presented=float(1.0 - pi[:, 0].mean()),
        presentation=float((pi[:, 1:] @ economics.presentation_cost).mean()),
    )
