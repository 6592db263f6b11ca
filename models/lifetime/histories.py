"""Purchase histories in the form that the models read: how often, until when, since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import ModelError

Numbers = NDArray[np.float64]

DAYS_PER_WEEK = 7.0
_SECONDS_PER_WEEK = 86_400.0 * DAYS_PER_WEEK


class PurchaseError(ModelError):
    """The purchases cannot be read as histories."""


@dataclass(frozen=True, slots=True)
class Histories:
    """n customers as of an instant; a purchase is a day on which something was bought.

    `repeats` is the number of purchases after the first, `last_weeks` from the first to the last
    one, `known_weeks` from the first to the instant, `spend` the mean amount of a repeat purchase
    (0 without one).
    """

    customer: NDArray[Any]
    repeats: Numbers
    last_weeks: Numbers
    known_weeks: Numbers
    spend: Numbers

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, chosen: NDArray[Any]) -> Histories:
        """Return the chosen customers."""
        return Histories(
            self.customer[chosen],
            self.repeats[chosen],
            self.last_weeks[chosen],
            self.known_weeks[chosen],
            self.spend[chosen],
        )


def daily(purchases: pd.DataFrame) -> pd.DataFrame:
    """Return the amount per customer and day, of columns customer, at (UTC) and amount.

    Raises PurchaseError where a value is absent or an amount is negative.
    """
    for name in ("customer", "at", "amount"):
        absent = int(purchases[name].isna().sum())
        if absent:
            raise PurchaseError(
                f"{absent:,} of {len(purchases):,} purchases have no {name}.",
                fix="Leave these rows out, or fill them.",
            )
    negative = int((purchases["amount"] < 0).sum())
    if negative:
        raise PurchaseError(
            f"{negative:,} purchases have a negative amount.",
            fix="Leave refunds out, or net them against the purchase that they belong to.",
        )
    days = purchases.assign(day=purchases["at"].dt.floor("D"))
    return days.groupby(["customer", "day"], sort=True, as_index=False)["amount"].sum()


def summarise(days: pd.DataFrame, *, as_of: datetime) -> Histories:
    """Return the histories of all who bought before `as_of` (aware), from `daily` purchases."""
    known = days[days["day"] < pd.Timestamp(as_of)]
    first = known.groupby("customer", sort=True)["day"].transform("min")
    later = known[known["day"] > first]
    found = known.groupby("customer", sort=True)["day"].agg(["min", "max", "size"])
    spend = later.groupby("customer")["amount"].mean().reindex(found.index).fillna(0.0)
    return Histories(
        customer=found.index.to_numpy(),
        repeats=(found["size"] - 1).to_numpy(dtype=np.float64),
        last_weeks=_weeks(found["max"] - found["min"]),
        known_weeks=_weeks(pd.Timestamp(as_of) - found["min"]),
        spend=spend.to_numpy(dtype=np.float64),
    )


def _weeks(span: pd.Series[Any]) -> Numbers:
    return np.asarray(span.dt.total_seconds().to_numpy() / _SECONDS_PER_WEEK, dtype=np.float64)
