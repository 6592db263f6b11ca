"""The looks that a plan foresees, judged one after the other with the error they may spend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.experiments.boundaries import Boundary, boundaries
from models.experiments.randomisation import DRAWS, Judged, Randomisation
from models.experiments.totals import Numbers, SlotTotals


@dataclass(frozen=True, slots=True)
class Look:
    """One look after `day` days; `judged` is at the level of its boundary, None where too early.

    The intervals of all looks hold the effect together in 95 of 100 experiments: repeated
    confidence intervals, Jennison and Turnbull, JRSS B 1989.
    """

    day: int
    contacts: int
    boundary: Boundary
    judged: Judged | None

    @property
    def stops(self) -> bool:
        """Whether the experiment may end here."""
        return self.judged is not None and self.judged.p <= self.boundary.level


def look_days(days: int, *, every: int) -> tuple[int, ...]:
    """Return after how many days there is a look: every so many, and at the end."""
    return (*range(every, days, every), days)


def foreseen(days: int, *, every: int) -> tuple[tuple[int, Boundary], ...]:
    """Return the looks of a plan of so many days with their boundaries, information by days."""
    found = look_days(days, every=every)
    return tuple(zip(found, boundaries([day / days for day in found]), strict=True))


def judged_looks(
    totals: SlotTotals,
    *,
    outcome: Numbers,
    due: Sequence[tuple[int, Boundary]],
    rng: np.random.Generator,
    draws: int = DRAWS,
    intervals: bool = True,
) -> tuple[Look, ...]:
    """Return the looks that are due, each on the slots until its day.

    Without `intervals` only the p-values are found, which is much faster: the ends are NaN.
    """
    streams = rng.spawn(len(due))
    return tuple(
        _look(totals, outcome, day, boundary, rng=stream, draws=draws, intervals=intervals)
        for (day, boundary), stream in zip(due, streams, strict=True)
    )


def _look(
    totals: SlotTotals,
    outcome: Numbers,
    day: int,
    boundary: Boundary,
    *,
    rng: np.random.Generator,
    draws: int,
    intervals: bool,
) -> Look:
    until = totals.day < day
    part = totals.where(until)
    contacts = int(part.contacts.sum())
    if not part.comparable:
        return Look(day, contacts, boundary, None)
    test = Randomisation(part, outcome=outcome[until], rng=rng, draws=draws)
    if intervals:
        return Look(day, contacts, boundary, test.judged(level=boundary.level))
    plain = Judged(test.effect, np.nan, np.nan, test.p(), test.error(), boundary.level)
    return Look(day, contacts, boundary, plain)
