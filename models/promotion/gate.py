"""The verdict on a challenger: every rule of the gate, over contacts that neither was fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from models.errors import ModelError
from models.promotion import against_champion, on_its_own
from models.promotion.gate_file import GateSettings
from models.promotion.rule import Rule

__all__ = ["GateRefusedError", "GateReport", "GateSettings", "JudgedRows", "Rule", "judge"]


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
class JudgedRows:
    """(n,) arrays: profile, label 0 or 1, and the probabilities of both model sets.

    `champion` is None while there is no champion. `customer` tells whose contact each is,
    `columns` what was known of it. `note` says how the rows were chosen.
    """

    profile: NDArray[np.str_]
    label: NDArray[np.float64]
    challenger: NDArray[np.float64]
    champion: NDArray[np.float64] | None
    note: str = ""
    customer: NDArray[Any] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Papers:
    """What is known of a registered challenger beside its rows; None where nothing tells.

    `last_contact` is the latest judged one, `as_of` the instant of training, `now` of promotion.
    """

    now: datetime | None = None
    as_of: datetime | None = None
    last_contact: datetime | None = None
    signed: bool | None = None


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


_NO_PAPERS = Papers()


def judge(rows: JudgedRows, *, settings: GateSettings, papers: Papers = _NO_PAPERS) -> GateReport:
    """Return the verdict: no worse than the champion where it matters, and sound on its own.

    Without a champion the first challenger need only be sound.
    """
    if not len(rows.label):
        return unjudged("There are no rows on which the two can be compared.")
    found: list[Rule] = []
    if rows.champion is None:
        said = "There is no champion yet: the first model set passes if it is sound."
        found.append(Rule("first", True, said, rows=len(rows.label)))
    else:
        found += against_champion.rules(rows, rows.champion, settings=settings)
    found += on_its_own.rules(rows, settings=settings, papers=papers)
    return GateReport(tuple(found), rows.note)


def unjudged(sentence: str, *, name: str = "rows", holds: bool = False) -> GateReport:
    """Return a verdict of one rule without figures: nothing could be, or need be, compared."""
    return GateReport((Rule(name, holds, sentence),))
