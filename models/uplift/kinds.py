"""Four kinds of customer: persuadable, sure, lost, do not disturb, and those nobody can name yet.

No one sees both outcomes of one customer, so a kind is a statement about customers like this one.
Contacts are cut into tenths by predicted effect, and each tenth in two by predicted baseline. In
each of these cells the log gives the mean effect and the mean outcome with nothing, by doubly
robust scores, with intervals clustered by customer that hold for all cells together (Bonferroni at
5 %). A cell is named only where its intervals leave no other name:

    persuadable      the effect is above 0
    do not disturb   the effect is below 0
    sure             the effect lies within +- `matters`, the baseline above `sure_from`
    lost             the effect lies within +- `matters`, the baseline below `sure_from`

and otherwise there is not enough data. The predictions only sort; what they say is not believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.uplift.effects import LEAST_CONTACTS, Effect, LogError, clustered_error

Numbers = NDArray[np.float64]

TENTHS, HALVES = 10, 2
_LEVEL = 0.05


class CustomerKind(StrEnum):
    """What an offer does to customers like this one."""

    PERSUADABLE = "persuadable"
    SURE = "sure"
    LOST = "lost"
    DO_NOT_DISTURB = "do not disturb"
    UNKNOWN = "not enough data"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """In the outcome's unit: the least effect that matters, and the baseline of a sure customer."""

    matters: float
    sure_from: float


@dataclass(frozen=True, slots=True)
class KindCell:
    """One cell: its contacts, effect, outcome with nothing, and the kind they allow."""

    contacts: int
    effect: Effect | None
    baseline: Effect | None
    kind: CustomerKind


@dataclass(frozen=True, slots=True)
class CustomerKinds:
    """The cells of one offer, lowest predicted effect first, and where their edges lie.

    `effect_edges` (tenths - 1,) cut predicted effects, `baseline_edges` (tenths,) the baselines.
    """

    effect_edges: Numbers
    baseline_edges: Numbers
    cells: tuple[KindCell, ...]

    def of(self, predicted: Numbers, *, baseline: Numbers) -> NDArray[np.str_]:
        """Return (n,) kinds of any customers, by predicted effect and baseline."""
        names = np.array([str(cell.kind) for cell in self.cells], dtype=np.str_)
        return names[self._cell(predicted, baseline)]

    def _cell(self, predicted: Numbers, baseline: Numbers) -> NDArray[np.intp]:
        return _cells(predicted, baseline, self.effect_edges, self.baseline_edges)


def customer_kinds(
    predicted: Numbers,
    *,
    baseline: Numbers,
    effect_scores: Numbers,
    nothing_scores: Numbers,
    customer: NDArray[np.int64],
    thresholds: Thresholds,
) -> CustomerKinds:
    """Return the kinds that the log of one offer supports.

    (n,) each: predicted effects and baselines by fits without the contact, doubly robust scores of
    the effect (NaN: cannot be compared, left out) and of nothing. Raises LogError when nothing can
    be compared.
    """
    known = ~np.isnan(effect_scores)
    if not known.any():
        raise LogError(
            "No contact can be compared: no kind can be named.",
            fix="Log contacts that could have been given the offer or nothing.",
        )
    predicted, baseline, customer = predicted[known], baseline[known], customer[known]
    edges = np.quantile(predicted, np.arange(1, TENTHS) / TENTHS)
    tenth = np.searchsorted(edges, predicted, side="right")
    middles = np.array(
        [np.median(baseline[tenth == t]) if (tenth == t).any() else 0.0 for t in range(TENTHS)]
    )
    cell = _cells(predicted, baseline, edges, middles)
    found = tuple(
        _judged(
            effect_scores[known][cell == each],
            nothing_scores[known][cell == each],
            customer[cell == each],
            thresholds,
        )
        for each in range(TENTHS * HALVES)
    )
    return CustomerKinds(edges, middles, found)


def kind_of(effect: Effect, *, baseline: Effect, thresholds: Thresholds) -> CustomerKind:
    """Return the one kind that both intervals allow."""
    if effect.low > 0:
        return CustomerKind.PERSUADABLE
    if effect.high < 0:
        return CustomerKind.DO_NOT_DISTURB
    if max(-effect.low, effect.high) >= thresholds.matters:
        return CustomerKind.UNKNOWN
    if baseline.low > thresholds.sure_from:
        return CustomerKind.SURE
    return CustomerKind.LOST if baseline.high < thresholds.sure_from else CustomerKind.UNKNOWN


def _judged(
    effect: Numbers, nothing: Numbers, customer: NDArray[np.int64], thresholds: Thresholds
) -> KindCell:
    if len(effect) < LEAST_CONTACTS:
        return KindCell(len(effect), None, None, CustomerKind.UNKNOWN)
    gains, comes = _mean(effect, customer), _mean(nothing, customer)
    return KindCell(
        len(effect), gains, comes, kind_of(gains, baseline=comes, thresholds=thresholds)
    )


def _mean(scores: Numbers, customer: NDArray[np.int64]) -> Effect:
    """Return a mean with the interval that holds for the means of all cells together."""
    value = float(scores.mean())
    error = clustered_error((scores - value) / len(scores), customer=customer)
    reach = float(stats.norm.ppf(1 - _LEVEL / (2 * TENTHS * HALVES))) * error
    return Effect(value, error, value - reach, value + reach, np.nan, np.nan)


def _cells(
    predicted: Numbers, baseline: Numbers, effect_edges: Numbers, baseline_edges: Numbers
) -> NDArray[np.intp]:
    tenth = np.searchsorted(effect_edges, predicted, side="right")
    return np.asarray(HALVES * tenth + (baseline > baseline_edges[tenth]), dtype=np.intp)
