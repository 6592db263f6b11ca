"""What happened in each slot of an experiment: contacts, purchases and money, added up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST_COINS = 8  # 2 to the power of 7 mirrored plans: below that no p-value reaches 1 %


class ExperimentError(ModelError):
    """The slots cannot carry a comparison: too few, or all of one arm."""


@dataclass(frozen=True, slots=True)
class SlotTotals:
    """One element a slot, only slots with contacts that count.

    `coin` is the toss that decided the slot, `side` is 1 where heads put it on and -1 where heads
    put it off; `on` says how it stood. `day` is the day of the plan, `hour` the slot of the day;
    `weekday` is `day` modulo 7. `squares` is the sum of squared money over the contacts.
    """

    coin: Whole
    side: Whole
    on: Flags
    day: Whole
    hour: Whole
    contacts: Numbers
    bought: Numbers
    money: Numbers
    squares: Numbers

    def __post_init__(self) -> None:
        """Refuse lengths that differ and slots without a contact."""
        lengths = {len(getattr(self, name)) for name in self.__slots__}
        if len(lengths) > 1 or bool((self.contacts <= 0).any()):
            raise ExperimentError(
                "The slots' columns differ in length, or a slot has no contact.",
                fix="Give one value per slot in each, and only slots with contacts.",
            )

    def __len__(self) -> int:
        return len(self.coin)

    def where(self, chosen: Flags) -> SlotTotals:
        """Return the chosen slots alone."""
        return SlotTotals(*(getattr(self, name)[chosen] for name in self.__slots__))

    @property
    def coins(self) -> int:
        """How many coins decided these slots."""
        return len(np.unique(self.coin))

    @property
    def comparable(self) -> bool:
        """Whether there are enough coins, and contacts in both arms."""
        return self.coins >= LEAST_COINS and bool(self.on.any()) and not bool(self.on.all())
