"""One regression inside an uplift learner: the best of our candidates on held customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.candidates.boosted import Boosted
from models.candidates.contract import Candidate, CandidateSettings, Name, Rows
from models.candidates.forest import Forest
from models.candidates.linear import Linear
from models.link import sigmoid
from models.model_set import CalibrationForm, SignalForm
from models.ordering import first_within_error, ordering_losses
from models.signals import Task
from models.uplift.folds import held_customers
from models.uplift.level import Level
from models.uplift.ridge import Ridge

Numbers = NDArray[np.float64]

_KINDS: Mapping[str, type[Ridge] | type[Linear] | type[Forest] | type[Boosted]] = {
    Ridge.name: Ridge,
    Name.LINEAR: Linear,
    Name.FOREST: Forest,
    Name.BOOSTED: Boosted,
}
# Half a decade apart: held rows tell neighbours no closer than that apart.
_PENALTIES = (0.1, 0.03, 0.01, 0.003)
# With fewer events (or non-events) among the rows than this, or fewer rows, their mean is all
# that can be told.
LEAST_EVENTS = 20
LEAST_ROWS = 60


@dataclass(frozen=True, slots=True)
class BaseSettings:
    """What the regressions inside every learner share.

    `kinds` stand for election where an outcome is regressed, `effect_kinds` where an effect is,
    each simplest first; of those within `tolerance_errors` standard errors of the least loss on the
    `held_share` of customers the first wins. `folds` is how many parts the outcome models are
    cross-fitted in.
    """

    candidate: CandidateSettings = field(
        default_factory=lambda: CandidateSettings(penalties=_PENALTIES)
    )
    kinds: tuple[str, ...] = (Name.LINEAR, Name.BOOSTED)
    effect_kinds: tuple[str, ...] = (Ridge.name, Name.BOOSTED)
    held_share: float = 0.25
    tolerance_errors: float = 1.0
    folds: int = 3


@dataclass(frozen=True, slots=True)
class Base:
    """A fitted regression on (features, offer); its predictions are in the label's unit."""

    candidate: Candidate | Ridge | Level
    task: Task
    scale: float
    offers: int

    def predict(self, matrix: NDArray[np.float32], offer: NDArray[np.intp]) -> Numbers:
        """Return (n,) probabilities or amounts; offer -1 is none."""
        none = np.zeros(len(matrix))
        rows = Rows(matrix, offer, self.offers, none, none, none.astype(np.int64))
        score = self.candidate.score(rows)
        return sigmoid(score) if self.task is Task.PROBABILITY else score * self.scale

    def by_offer(self, matrix: NDArray[np.float32]) -> Numbers:
        """Return (n, offers) predictions, one column per offer."""
        count = len(matrix)
        each = [self.predict(matrix, np.full(count, offer)) for offer in range(self.offers)]
        return np.stack(each, axis=1)

    def at_nothing(self, matrix: NDArray[np.float32]) -> Numbers:
        """Return (n,) predictions with no offer."""
        return self.predict(matrix, np.full(len(matrix), -1))

    def form(self, folder: Path, *, stem: str) -> SignalForm:
        """Return the compiled form; its ONNX files are written as `folder/stem.<name>.onnx`."""
        weights, shift = self.candidate.weights()
        return SignalForm(
            task=self.task,
            champion=self.candidate.name,
            parts=self.candidate.forms(folder, stem=stem),
            weights=weights,
            shift=shift,
            calibration=CalibrationForm(),
            scale=self.scale,
        )

    def refitted(self, rows: Rows) -> Base:
        """Return the same kind of regression, with what it settled, fitted on other rows."""
        if too_few(rows, task=self.task):
            return replace(self, candidate=Level(task=self.task).fit(_scaled(rows, self.scale)))
        return replace(self, candidate=self.candidate.refitted(_scaled(rows, self.scale)))


def fit_base(
    rows: Rows,
    *,
    customer: NDArray[Any],
    task: Task,
    settings: BaseSettings,
    kinds: Sequence[str],
    rng: np.random.Generator,
) -> Base:
    """Return the elected regression of the label on (features, offer), fitted on all rows.

    `customer` (n,) keeps a customer's contacts on one side of every split. Where labels are too
    few the regression is their mean.
    """
    scale = 1.0 if task is Task.PROBABILITY else max(float(rows.label.std()), 1e-9)
    scaled = _scaled(rows, scale)
    if too_few(rows, task=task):
        return Base(Level(task=task).fit(scaled), task, scale, rows.offers)
    out = held_customers(customer, share=settings.held_share, rng=rng)
    fit, held = scaled.take(~out), scaled.take(out)
    if too_few(fit, task=task) or too_few(held, task=task):
        return Base(Level(task=task).fit(scaled), task, scale, rows.offers)
    stood = [_stood(name, fit, held, task=task, settings=settings.candidate) for name in kinds]
    losses = [ordering_losses(each.score(held), held, task=task) for each in stood]
    won = stood[first_within_error(losses, tolerance_errors=settings.tolerance_errors)]
    return Base(won.refitted(scaled), task, scale, rows.offers)


def _stood(
    name: str, fit: Rows, held: Rows, *, task: Task, settings: CandidateSettings
) -> Candidate | Ridge:
    """Return one kind as fitted on `fit`; the linear one with the penalty of the least loss.

    Alone it takes the strongest penalty within an error of that. Between two outcomes that much
    penalty hides most of the effect: on Hillstrom's women's e-mail the Qini of the difference is
    .054 with it and .062 with little.
    """
    if name != Name.LINEAR:
        return _KINDS[name](settings, task=task).fit(fit, held=held)
    tried = [
        Linear(replace(settings, penalties=(penalty,)), task=task).fit(fit, held=held)
        for penalty in settings.penalties
    ]
    losses = [ordering_losses(each.score(held), held, task=task).mean() for each in tried]
    return tried[int(np.argmin(losses))]


def too_few(rows: Rows, *, task: Task) -> bool:
    """Return whether the labels say no more than their mean."""
    if len(rows) < LEAST_ROWS or rows.label.min() == rows.label.max():
        return True
    events = float(rows.label.sum()) if task is Task.PROBABILITY else float(len(rows))
    return task is Task.PROBABILITY and min(events, len(rows) - events) < LEAST_EVENTS


def _scaled(rows: Rows, scale: float) -> Rows:
    return replace(rows, label=rows.label / scale)
