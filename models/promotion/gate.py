"""The rule by which a challenger may become champion, over rows that neither was fitted on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.candidates.contract import losses
from models.errors import ModelError
from models.judging.measures import auc
from models.signals import Task

# Below this many of either class an AUC says nothing: its standard error is above 0.05.
_FEWEST_OF_A_CLASS = 30
# Two sums over the same numbers in another order differ by less than this.
_SAME = 1e-9


class GateRefusedError(ModelError):
    """The gate does not hold; `report` has every rule."""

    status = 409

    def __init__(self, report: GateReport, *, version: str) -> None:
        said = "; ".join(rule.sentence.rstrip(".") for rule in report.failing)
        super().__init__(
            f"Model set {version} stays challenger: {said}.",
            fix="Train on fresher contacts, or promote with --force and say why.",
        )
        self.report = report


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How much better overall, and how much worse in one profile, a challenger may be.

    `least_gain` is in log loss and in AUC, `margin` in AUC.
    """

    least_gain: float = 0.0
    margin: float = 0.01


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """(n,) arrays: profile, label 0 or 1, and the probabilities of both model sets.

    `champion` is None while there is no champion. `note` says how the rows were chosen.
    """

    profile: NDArray[np.str_]
    label: NDArray[np.float64]
    challenger: NDArray[np.float64]
    champion: NDArray[np.float64] | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the gate with the figures that it looked at; None where there was none."""

    name: str
    holds: bool
    sentence: str
    challenger: float | None = None
    champion: float | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True)
class GateReport:
    """Every rule of the gate; `note` says on which rows they were judged."""

    rules: tuple[Rule, ...]
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether every rule holds."""
        return all(rule.holds for rule in self.rules)

    @property
    def failing(self) -> tuple[Rule, ...]:
        """The rules that do not hold."""
        return tuple(rule for rule in self.rules if not rule.holds)


def judge(rows: JudgedRows, *, settings: GateSettings) -> GateReport:
    """Return the verdict: better overall by log loss and AUC, and no profile worse by the margin.

    Without a champion the first challenger passes.
    """
    if rows.champion is None:
        return GateReport(
            (
                Rule(
                    "first",
                    True,
                    "There is no champion yet: the first model set passes.",
                    challenger=area_under_curve(rows.label, rows.challenger),
                    rows=len(rows.label),
                ),
            ),
            rows.note,
        )
    profiles = [_profile(name, rows, settings) for name in np.unique(rows.profile)]
    return GateReport((*_overall(rows, rows.champion, settings), *profiles), rows.note)


def unjudged(sentence: str, *, name: str = "rows", holds: bool = False) -> GateReport:
    """Return a verdict of one rule without figures: nothing could be, or need be, compared."""
    return GateReport((Rule(name, holds, sentence),))


def log_loss(label: NDArray[np.float64], probability: NDArray[np.float64]) -> float:
    """Return the mean of -log(the probability given to what happened)."""
    return float(losses(label, probability, task=Task.PROBABILITY).mean())


def area_under_curve(label: NDArray[np.float64], score: NDArray[np.float64]) -> float | None:
    """Return the AUC, ties counted half; None when one of the classes is missing."""
    return auc(label, score) if 0 < label.sum() < len(label) else None


def _overall(
    rows: JudgedRows, champion: NDArray[np.float64], settings: GateSettings
) -> Iterable[Rule]:
    count, gain = len(rows.label), settings.least_gain
    if not count:
        yield Rule("rows", False, "There are no rows on which the two can be compared.")
        return
    new, old = log_loss(rows.label, rows.challenger), log_loss(rows.label, champion)
    said = _sentence("log loss over all profiles", new, old, bound="at most", slack=-gain)
    yield Rule("overall log loss", new <= old - gain + _SAME, said, new, old, count)
    higher = area_under_curve(rows.label, rows.challenger)
    lower = area_under_curve(rows.label, champion)
    if higher is None or lower is None:
        yield Rule("overall AUC", False, "All judged rows have one label: there is no AUC.")
        return
    said = _sentence("AUC over all profiles", higher, lower, bound="at least", slack=gain)
    yield Rule("overall AUC", higher >= lower + gain - _SAME, said, higher, lower, count)


def _profile(name: str, rows: JudgedRows, settings: GateSettings) -> Rule:
    assert rows.champion is not None
    chosen = rows.profile == name
    label = rows.label[chosen]
    count, positives = len(label), int((label > 0).sum())
    if min(positives, count - positives) < _FEWEST_OF_A_CLASS:
        said = f"{name}: {positives} of {count} rows are positive, too few to compare; not judged"
        return Rule(f"profile {name}", True, said, rows=count)
    new = area_under_curve(label, rows.challenger[chosen])
    old = area_under_curve(label, rows.champion[chosen])
    assert new is not None
    assert old is not None
    return Rule(
        f"profile {name}",
        new >= old - settings.margin - _SAME,
        _sentence(f"AUC of {name}", new, old, bound="at least", slack=-settings.margin),
        new,
        old,
        count,
    )


def _sentence(what: str, new: float, old: float, *, bound: str, slack: float) -> str:
    asked = f"{old + slack:.4f}"
    return f"{what}: challenger {new:.4f}, champion {old:.4f} ({bound} {asked} is asked for)"
