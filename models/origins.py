"""The origins of an election: from which rows the past ends, and which are held to choose by.

Rolling origins (Tashman, Out-of-sample tests of forecasting accuracy, 2000): each candidate is
fitted on what lies before an origin and held against the span after it, and several origins, one
after the other, say more than one. The last origin is the edge between the fit and the select
part; earlier ones lie one such span before each other. Data without time has folds instead: as
many rows held as in the select part, none of them twice. The judge part lies outside all of it:
what is chosen within is judged without (nested evaluation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import Rows

# Below this many held rows the choice between candidates is mostly chance: look at more spans, and
# let further fits calibrate.
PLENTY_OF_ROWS = 8_000
_MOST_SPANS, _MOST_FOLDS = 2, 3
# An earlier origin must leave at least this share of the rows to fit on.
_LEAST_TO_FIT = 0.4


@dataclass(frozen=True, slots=True)
class Origin:
    """One choice: rows to fit on, and rows held that no fit has seen."""

    fit: Rows
    held: Rows


def origins_of(
    fit: Rows, select: Rows, *, count: int, rng: np.random.Generator
) -> tuple[Origin, ...]:
    """Return the origins, the last of them (fit, select) itself.

    `count` is how many; 0 leaves it to the rows: one where plenty are held, else two, or three
    folds.
    Fewer are returned where an earlier one would leave too little to fit on, or one outcome only.
    """
    dated = bool(len(fit)) and bool(fit.at.min() < select.at.max())
    most = _MOST_SPANS if dated else _MOST_FOLDS
    asked = count or (1 if len(select) >= PLENTY_OF_ROWS else most)
    last = Origin(fit, select)
    if asked == 1:
        return (last,)
    made = _earlier(fit, select, asked) if dated else _folds(fit, select, asked, rng)
    return (*(origin for origin in made if _two_outcomes(origin)), last)


def joined(first: Rows, second: Rows) -> Rows:
    """Return the rows of both."""
    return replace(
        first,
        matrix=np.concatenate([first.matrix, second.matrix]),
        offer=np.concatenate([first.offer, second.offer]),
        label=np.concatenate([first.label, second.label]),
        weight=np.concatenate([first.weight, second.weight]),
        at=np.concatenate([first.at, second.at]),
    )


def _earlier(fit: Rows, select: Rows, count: int) -> list[Origin]:
    """Return the origins before the last, oldest first; rows of one instant stay together."""
    order = np.sort(fit.at)
    found: list[Origin] = []
    until = int(select.at.min())
    for step in range(1, count):
        place = len(fit) - step * len(select)
        if place < _LEAST_TO_FIT * (len(fit) + len(select)):
            break
        start = int(order[place])
        held = (fit.at >= start) & (fit.at < until)
        before = fit.at < start
        if not held.any() or not before.any():
            break
        found.append(Origin(fit.take(before), fit.take(held)))
        until = start
    return found[::-1]


def _folds(fit: Rows, select: Rows, count: int, rng: np.random.Generator) -> list[Origin]:
    """Return folds whose held rows come out of the fit part, each as large as the select part."""
    order = rng.permutation(len(fit))
    found: list[Origin] = []
    for step in range(count - 1):
        chosen = order[step * len(select) : (step + 1) * len(select)]
        if len(chosen) < len(select):
            break
        held: NDArray[np.bool_] = np.zeros(len(fit), dtype=bool)
        held[chosen] = True
        found.append(Origin(joined(fit.take(~held), select), fit.take(held)))
    return found


def _two_outcomes(origin: Origin) -> bool:
    return all(len(np.unique(rows.label)) > 1 for rows in (origin.fit, origin.held))
