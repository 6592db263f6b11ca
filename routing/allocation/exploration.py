"""A small share of contacts chooses at random, so that next year's policy can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from routing.allocation.batch import Flags, Floats
from routing.drawing import fraction_of
from routing.exploration import Exploration

NOTHING = -1


@dataclass(frozen=True, slots=True)
class Action:
    """What to present on one contact: an offer's number, or NOTHING (-1).

    `probability` is that with which this action is taken on this contact, by either way: it is
    what the log needs to judge other policies (inverse propensity). `explored`: the contact was
    drawn to choose at random, whether or not the draw fell on the policy's own choice.
    """

    offer: int
    probability: float
    explored: bool


def explore(
    contact_id: str,
    *,
    label: str,
    policy: int,
    eligible: Sequence[bool],
    added_value: Sequence[float],
    exempt: bool,
    exploration: Exploration,
) -> Action:
    """Return the action for one contact: the policy's choice, or with a small chance any other.

    `policy` is the number of the policy's offer or NOTHING; `eligible` (m,) are the offers that
    may be presented, all limits on the customer considered; `exempt` customers (marked
    vulnerable, or opted out) get the policy's choice always. Who explores draws evenly among the
    eligible offers and nothing. Drawn by hashes of the contact and the set's label, like a
    hold-back (docs/decisions/044): the same contact always gets the same answer. Presents one
    offer at most.
    """
    actions = actions_of(eligible)
    share = share_of(
        policy, eligible=eligible, added_value=added_value, exempt=exempt, exploration=exploration
    )
    explored = _draw("explore", contact_id, label) < share
    offer = policy
    if explored:
        offer = actions[int(_draw("action", contact_id, label) * len(actions))]
    return Action(
        offer, probability_of(offer, policy=policy, actions=actions, share=share), explored
    )


def actions_of(eligible: Sequence[bool]) -> tuple[int, ...]:
    """Return what exploring may choose: nothing, and each eligible offer."""
    return (NOTHING, *(number for number, may in enumerate(eligible) if may))


def share_of(
    policy: int,
    *,
    eligible: Sequence[bool],
    added_value: Sequence[float],
    exempt: bool,
    exploration: Exploration,
) -> float:
    """Return the chance that this contact explores: the share, less where that costs too much.

    0 for exempt customers, where no offer is eligible, and where the policy's own choice is none
    of the actions. The expected regret is what the policy's choice adds above the mean action.
    """
    actions = actions_of(eligible)
    if exempt or len(actions) == 1 or policy not in actions:
        return 0.0
    values = [0.0 if offer == NOTHING else float(added_value[offer]) for offer in actions]
    regret = values[actions.index(policy)] - sum(values) / len(values)
    if regret <= 0.0 or exploration.share * regret <= exploration.regret_budget:
        return exploration.share
    return exploration.regret_budget / regret


def probability_of(offer: int, *, policy: int, actions: Sequence[int], share: float) -> float:
    """Return the exact probability of an action: the policy's part and its even part."""
    return (1.0 - share) * (offer == policy) + share * (offer in actions) / len(actions)


def expected_cost(
    added_value: Floats,
    *,
    policy: Floats,
    open_offers: Flags,
    exempt: Flags,
    contacts: Floats,
    exploration: Exploration,
) -> tuple[float, float]:
    """Return money that exploring n customers' contacts is expected to cost, and how many explore.

    `added_value` and `open_offers` are (n, m), `policy` (n,) offer numbers or -1, `contacts` (n,)
    expected contacts. What marketing is told before exploration is switched on.
    """
    rows = np.arange(len(policy))
    values = np.where(open_offers, added_value, 0.0)
    count = open_offers.sum(axis=1)
    chosen = policy.astype(np.int64)
    own = np.where(chosen >= 0, values[rows, chosen], 0.0)
    regret = own - values.sum(axis=1) / (count + 1)
    known = (chosen < 0) | open_offers[rows, chosen]
    capped = np.divide(
        exploration.regret_budget,
        regret,
        out=np.full(len(regret), np.inf),
        where=regret > 0.0,
    )
    share = np.where(exempt | (count == 0) | ~known, 0.0, np.minimum(exploration.share, capped))
    return float((contacts * share * regret).sum()), float((contacts * share).sum())


def _draw(purpose: str, contact_id: str, label: str) -> float:
    """Return a number in [0, 1) that depends on the purpose, the contact and the set alone."""
    return fraction_of(f"{purpose}\x1f{contact_id}\x1f{label}")
