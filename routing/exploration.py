"""How much may be explored, as it is set: read before anything that explores is imported."""

from __future__ import annotations

from dataclasses import dataclass

from routing.errors import RoutingError

MOST_SHARE = 0.2


class ExplorationError(RoutingError):
    """A share or a regret budget that is not allowed."""


@dataclass(frozen=True, slots=True)
class Exploration:
    """How much may be explored: a share of contacts, and money that one of them may cost.

    `regret_budget` is money per contact, over all contacts: what exploring a contact is expected
    to cost against the policy's choice, times the share that explores it, never exceeds it.
    """

    share: float = 0.0
    regret_budget: float = float("inf")

    def __post_init__(self) -> None:
        if not 0.0 <= self.share <= MOST_SHARE:
            raise ExplorationError(
                f"The share that explores is {self.share}.",
                fix=f"Give a number from 0 to {MOST_SHARE}.",
            )
        if not self.regret_budget >= 0.0:
            raise ExplorationError(
                f"The regret budget is {self.regret_budget}.", fix="Give a number of at least 0."
            )
