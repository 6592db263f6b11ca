"""The months that the demo world covers; inside it, time is whole seconds since their start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY_SECONDS = 86_400
NEVER_SECONDS = 1 << 30  # later than anything, and still small enough to pack beside a customer
LATE_SHARE = 0.03
_DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open: from `start` until `until`, both aware UTC."""

    until: datetime
    months: int

    @property
    def start(self) -> datetime:
        """The first instant of the world."""
        return self.until - timedelta(days=self.days)

    @property
    def days(self) -> int:
        """How many days the world lasts."""
        return round(self.months * _DAYS_PER_MONTH)

    @property
    def seconds(self) -> int:
        """How many seconds the world lasts."""
        return self.days * DAY_SECONDS

    def stamps(self, seconds: Wholes) -> pa.Array:
        """Return the instants as Arrow timestamps, microseconds UTC."""
        first = round(self.start.astimezone(UTC).timestamp() * 1_000_000)
        return pa.array(first + seconds * 1_000_000).cast(pa.timestamp("us", tz="UTC"))


def days(count: float) -> int:
    """Return that many days in seconds."""
    return round(count * DAY_SECONDS)


def known_after(
    rng: np.random.Generator, *, occurred: Wholes, late_share: float = LATE_SHARE
) -> Wholes:
    """Return when each row was first known: minutes later, or days for the late share."""
    soon = 30 + rng.exponential(600.0, occurred.size)
    late = DAY_SECONDS * (1.0 + rng.exponential(4.0, occurred.size))
    delay = np.where(rng.random(occurred.size) < late_share, late, soon)
    return occurred + delay.astype(np.int64)


def logistic(logit: Floats) -> Floats:
    """Return the probability of each logit."""
    return 1.0 / (1.0 + np.exp(-logit))
