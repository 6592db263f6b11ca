"""Which past a model learns from: all of it, its recent part, or all with the recent weighing more.

Callers change. A view says how much of what lies before an origin counts; which view is right is
settled on the held spans after the origins, like everything else. Rows without time have one view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import CandidateSettings, Rows
from models.candidates.linear import Linear
from models.ordering import first_within_error, ordering_losses
from models.origins import Origin
from models.signals import Task

# Fewer rows on which to fit are not worth cutting down.
FEWEST_ROWS = 2_000
_PENALTY = 0.1
_SURE = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at the past; `window` and `half_life` are shares of the time it spans."""

    name: str
    window: float | None = None
    half_life: float | None = None

    def of(self, rows: Rows) -> Rows:
        """Return the rows of the window, or all rows, their weights halved per half-life."""
        first, last = (int(rows.at.min()), int(rows.at.max())) if len(rows) else (0, 0)
        if first == last:
            return rows
        age = (last - rows.at) / (last - first)
        if self.window is not None:
            return rows.take(age <= self.window)
        if self.half_life is None:
            return rows
        weight = rows.weight * 0.5 ** (age / self.half_life)
        return replace(rows, weight=weight * (rows.weight.sum() / weight.sum()))


ALL = View("all")
# The simplest first: another must be surely better to win.
VIEWS = (ALL, View("recent weigh more", half_life=0.25), View("latest half", window=0.5))


def settle_view(
    spans: Sequence[Origin],
    *,
    task: Task,
    settings: CandidateSettings,
    views: Sequence[View] = VIEWS,
) -> View:
    """Return the view with which the linear candidate foretells the held spans best.

    `all` is kept unless another is better at every origin, and by more than two standard errors
    over all spans: what helped once may have been the weather of one season. One middling penalty
    and no products of offers: which past is right shows in the main effects, and a whole path per
    view would cost as much as the election.
    """
    light = replace(settings, penalties=(_PENALTY,), products=0)
    if any(_untimed(span.fit) or len(span.fit) < FEWEST_ROWS for span in spans):
        return ALL
    losses: list[list[NDArray[np.float64]]] = [[] for _ in views]
    for span in spans:
        for place, view in enumerate(views):
            seen = view.of(span.fit)
            if task is Task.PROBABILITY and len(np.unique(seen.label)) < 2:
                return ALL
            model = Linear(light, task=task).fit(seen, held=span.held)
            losses[place].append(ordering_losses(model.score(span.held), span.held, task=task))
    every = [np.concatenate(each) for each in losses]
    chosen = first_within_error(every, tolerance_errors=_SURE)
    always = all(
        mine.mean() <= plain.mean() for mine, plain in zip(losses[chosen], losses[0], strict=True)
    )
    return views[chosen] if always else ALL


def _untimed(rows: Rows) -> bool:
    return len(rows) == 0 or int(rows.at.min()) == int(rows.at.max())
