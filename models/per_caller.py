"""Whose model answers a caller: its stage's, or the one to which its known data matters most.

How much a caller's data matters to a model is the sum, over the features that are known, of what
each moves the score of the model's linear form away from the average customer's: |coefficient x
(value - mean)|, in log-odds. That sum is divided by what it is with every feature a standard
deviation off. So importance reads as a mean of standard deviations, weighted by |coefficient|, and
no model wins only because its coefficients are larger. What is not known counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledModelSet
from models.encoding import Columns
from models.model_set import ALL_PROFILES
from models.reasons import Matrix, Reasons, Scores
from models.signals import Signal

Profiles: TypeAlias = NDArray[np.str_]

# Features that a reason names.
_NAMED = 2


class ProfileRule(Protocol):
    """Says whose models answer each caller."""

    def __call__(self, columns: Columns, matrix: Matrix, /, *, stage: Profiles) -> Profiles:
        """Return (n,) profiles; `matrix` is (n, p), the encoded `columns`, `stage` is (n,)."""
        ...


def by_stage(_columns: Columns, _matrix: Matrix, *, stage: Profiles) -> Profiles:
    """Return the stages: each caller is answered by the models of its own."""
    return stage


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose models answer each of n callers, and how much its data matters to each of m models.

    `model` (n,) names the model of most importance, `profile` (n,) is what `predict` takes: the
    caller's stage where that is the stage's own choice. `importance` is (n, m). `leading` and
    `effects` are (n, 2): the known features that matter most to the model, and what they add to
    its log-odds; "" and 0 where there are fewer.
    """

    models: tuple[str, ...]
    model: Profiles
    profile: Profiles
    importance: Scores
    leading: NDArray[np.str_]
    effects: Scores

    def sums(self, row: int) -> dict[str, float]:
        """Return the importance of one caller's data to each model."""
        return dict(zip(self.models, self.importance[row].tolist(), strict=True))

    def why(self, row: int) -> str:
        """Return the reason for one caller's model in plain words, with the sums compared."""
        mine, sums = str(self.model[row]), self.sums(row)
        first = [
            f"{name.replace('_', ' ')} ({effect:+.2f})"
            for name, effect in zip(self.leading[row], self.effects[row], strict=True)
            if name
        ]
        if not first:
            return f"Nothing that is known matters to any model: {_called(mine)} answers by stage."
        others = {name: by for name, by in sums.items() if name != mine}
        next_best = max(others, key=others.__getitem__, default=None)
        against = f" against {others[next_best]:.2f} for {_called(next_best)}" if next_best else ""
        return (
            f"The caller's data matters most to {_called(mine)}: importance {sums[mine]:.2f}"
            f"{against}; first {' and '.join(first)}."
        )


class ByImportance:
    """Chooses among the models of `accept` that profiles have of their own, and that for all."""

    def __init__(self, models: CompiledModelSet) -> None:
        uses = {a.profile: a.uses for a in models.manifest.answers if a.signal == Signal.ACCEPT}
        self.models = tuple(sorted(set(uses.values()) & models.reasons.keys()))
        self._uses = uses
        self._known = models.encoder.known
        self._reasons = [models.reasons[name] for name in self.models]
        place = {name: at for at, name in enumerate(models.encoder.features)}
        self._places = [[place[str(name)] for name in each.names] for each in self._reasons]

    def __call__(self, columns: Columns, matrix: Matrix, *, stage: Profiles) -> Profiles:
        """Return (n,) profiles; see `choose`."""
        return self.choose(columns, matrix, stage=stage).profile

    def choose(self, columns: Columns, matrix: Matrix, *, stage: Profiles) -> Chosen:
        """Return whose models answer each of n callers, and why.

        A tie, as where nothing is known, goes to the model that answers for the caller's stage; for
        a stage that the set does not know that is the model for all. Raises EncodingError.
        """
        known = self._known(columns)
        effects = [
            reasons.by_feature(matrix) * known[:, places]
            for reasons, places in zip(self._reasons, self._places, strict=True)
        ]
        importance = np.zeros((len(matrix), len(self.models)))
        for at, (by, reasons) in enumerate(zip(effects, self._reasons, strict=True)):
            importance[:, at] = np.abs(by).sum(axis=1) / (reasons.reach or 1.0)
        own = np.array([self._uses.get(name, ALL_PROFILES) for name in stage.tolist()], np.str_)
        model = self._most(importance, own=own)
        leading, moved = self._leading(effects, model=model)
        profile = np.where(model == own, stage, model)
        return Chosen(self.models, model, profile, importance, leading, moved)

    def _most(self, importance: Scores, *, own: Profiles) -> Profiles:
        if not self.models:
            return own
        names = np.array(self.models)
        at = (own[:, None] == names).argmax(axis=1)
        held = np.where(own == names[at], importance[np.arange(len(own)), at], np.inf)
        model: Profiles = np.where(
            held >= importance.max(axis=1), own, names[importance.argmax(axis=1)]
        )
        return model

    def _leading(
        self, effects: list[Scores], *, model: Profiles
    ) -> tuple[NDArray[np.str_], Scores]:
        names = np.full((len(model), _NAMED), "", dtype=f"<U{_widest(self._reasons)}")
        moved = np.zeros((len(model), _NAMED))
        for at, name in enumerate(self.models):
            rows = np.flatnonzero(model == name)
            by = effects[at][rows]
            order = np.argsort(-np.abs(by), axis=1, kind="stable")[:, :_NAMED]
            largest = np.take_along_axis(by, order, axis=1)
            moved[rows, : order.shape[1]] = largest
            told = np.where(largest != 0.0, self._reasons[at].names[order], "")
            names[rows, : order.shape[1]] = told
        return names, moved


def _widest(reasons: list[Reasons]) -> int:
    return max((len(name) for each in reasons for name in each.names.tolist()), default=1)


def _called(profile: str) -> str:
    return "the model for all profiles" if profile == ALL_PROFILES else f"the {profile} model"
