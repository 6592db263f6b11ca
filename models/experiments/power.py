"""How long it takes to know: the chance that the interval leaves zero behind, by day."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

WANTED = 0.8
_LONGEST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Precision:
    """A standard error per contact that so many days of an experiment give."""

    error: float
    days: float

    def after(self, days: float) -> float:
        """Return the standard error after other so many days: it falls with the root of them."""
        return self.error * math.sqrt(self.days / days)


def power(effect: float, *, error: float, critical: float) -> float:
    """Return the chance that |z| passes `critical` when the effect is so large."""
    far = abs(effect) / error if error > 0 else math.inf
    return float(special.ndtr(far - critical) + special.ndtr(-far - critical))


def days_to_know(
    effect: float, *, precision: Precision, critical: float, wanted: float = WANTED
) -> int | None:
    """Return the days in all after which the power reaches `wanted`; None beyond ten years."""
    if effect == 0.0:
        return None
    far = critical + float(special.ndtri(wanted))
    days = precision.days * (far * precision.error / abs(effect)) ** 2
    return max(1, math.ceil(days - 1e-9)) if days <= _LONGEST_DAYS else None


def smallest_effect(*, error: float, critical: float, wanted: float = WANTED) -> float:
    """Return the effect that is found with the chance `wanted` at this standard error."""
    return (critical + float(special.ndtri(wanted))) * error
