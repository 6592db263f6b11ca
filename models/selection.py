"""The election: which candidate becomes a profile's champion, and why.

The rule: at each origin (models.origins) every candidate is fitted on what lies before and scored
on the span held after. The ordering losses of all spans decide (models.ordering: log loss, or
squared error for amounts, with the levels of blocks of time taken out). The simplest candidate
within `tolerance_errors` standard errors of the least loss wins, in the order linear, composed
(money alone), forest, boosted, combined. The champion is then fitted again on the fit and the
select part together, with what the origins settled, and calibrated on scores of these rows by fits
that had not seen them; where plenty of rows were held, their scores do, and no further fit is
needed. The judge part is not touched. Where the recent past foretells better than all of it
(models.views), every candidate learns from that view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.calibration import choose_calibration
from models.candidates.boosted import Boosted
from models.candidates.combined import Combined, stacked
from models.candidates.composed import Composed
from models.candidates.contract import Candidate, CandidateSettings, Name, Rows
from models.candidates.forest import Forest
from models.candidates.linear import Linear
from models.model_set import CalibrationForm
from models.ordering import first_within_error, ordering_losses
from models.origins import PLENTY_OF_ROWS, Origin, joined, origins_of
from models.scorers import calibrated
from models.signals import Task
from models.splits import balanced_folds
from models.views import ALL, View, settle_view

Scores = NDArray[np.float64]
_STACK_FOLDS = 5
_REFIT_FOLDS = 3


Kind: TypeAlias = type[Linear] | type[Composed] | type[Forest] | type[Boosted]
# Every candidate but the combination of two of them, simplest first: a new one adds its line.
STANDING_ALONE: tuple[Kind, ...] = (Linear, Composed, Forest, Boosted)


def standing(task: Task) -> tuple[Kind, ...]:
    """Return the candidates that stand for a task: only money is composed of parts."""
    return tuple(k for k in STANDING_ALONE if task is Task.AMOUNT or k is not Composed)


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate as it stood in the election: as fitted at the last origin.

    `losses` are those of the held rows of all origins, `foretold` its calibrated predictions of
    them, and `settled` what refits it.
    """

    candidate: Candidate
    calibration: CalibrationForm
    losses: Scores
    foretold: Scores
    settled: Candidate

    @property
    def loss(self) -> float:
        """The mean loss on the held rows."""
        return float(self.losses.mean())


@dataclass(frozen=True, slots=True)
class Elected:
    """The champion as it will answer, beside all candidates as they stood."""

    champion: Name
    candidate: Candidate
    calibration: CalibrationForm
    standings: Mapping[Name, Standing]
    # The rows held at all origins, in the order of `Standing.losses`; labels in the units of scale.
    held: Rows
    task: Task
    # One unit of the labels that the candidates saw: 1, or the amounts' spread in money.
    scale: float
    # Which past the candidates learned from.
    view: View

    def predict(self, rows: Rows) -> Scores:
        """Return (n,) probabilities, or amounts of money, of the champion."""
        return self._predict(self.candidate, self.calibration, rows)

    def predict_as(self, name: Name, rows: Rows) -> Scores:
        """Return (n,) predictions of a candidate as it stood in the election."""
        standing = self.standings[name]
        return self._predict(standing.candidate, standing.calibration, rows)

    def _predict(self, candidate: Candidate, form: CalibrationForm, rows: Rows) -> Scores:
        value = calibrated(candidate.score(rows), form, task=self.task)
        return value * self.scale if self.task is Task.AMOUNT else value


def elect(
    fit: Rows,
    select: Rows,
    *,
    task: Task,
    settings: CandidateSettings,
    tolerance_errors: float = 1.0,
    refit: bool = True,
    origins: int = 1,
    recency: bool = False,
) -> Elected:
    """Return the champion of the candidates, by the rule above; the labels are in true units."""
    scale = 1.0 if task is Task.PROBABILITY else max(float(fit.label.std()), 1e-9)
    fit = replace(fit, label=fit.label / scale)
    select = replace(select, label=select.label / scale)
    rng = np.random.default_rng(settings.seed)
    spans = origins_of(fit, select, count=origins, rng=rng)
    view = settle_view(spans, task=task, settings=settings) if recency else ALL
    spans = tuple(Origin(view.of(span.fit), span.held) for span in spans)
    standings = _standings(spans, task=task, settings=settings)
    held = spans[0].held
    for span in spans[1:]:
        held = joined(held, span.held)
    champion = champion_of(
        {name: standing.losses for name, standing in standings.items()},
        tolerance_errors=tolerance_errors,
    )
    winner = standings[champion]
    made = (winner.candidate, winner.calibration)
    if refit:
        rows = view.of(joined(fit, select))
        calibration = winner.calibration
        if len(select) < PLENTY_OF_ROWS:
            calibration = _refit_calibration(winner.settled, rows, task=task, seed=settings.seed)
        made = (winner.settled.refitted(rows), calibration)
    return Elected(champion, *made, standings, held, task, scale, view)


def champion_of(losses_of: Mapping[Name, Scores], *, tolerance_errors: float) -> Name:
    """Return the simplest candidate within so many standard errors of the least mean loss."""
    names = [name for name in Name if name in losses_of]
    found = [losses_of[name] for name in names]
    return names[first_within_error(found, tolerance_errors=tolerance_errors)]


def _standings(
    spans: Sequence[Origin], *, task: Task, settings: CandidateSettings
) -> dict[Name, Standing]:
    rng = np.random.default_rng(settings.seed)
    stood = [_stood(span, task=task, settings=settings, rng=rng) for span in spans]
    found: dict[Name, Standing] = {}
    for name in stood[-1]:
        every = [each[name] for each in stood]
        last = every[-1]
        found[name] = replace(
            last,
            losses=np.concatenate([each.losses for each in every]),
            foretold=np.concatenate([each.foretold for each in every]),
            settled=last.candidate.agreed([each.candidate for each in every[:-1]]),
        )
    return found


def _stood(
    span: Origin, *, task: Task, settings: CandidateSettings, rng: np.random.Generator
) -> dict[Name, Standing]:
    """Return every candidate fitted before the origin, and how it did on the span after."""
    fit, held = span.fit, span.held
    alone = {kind.name: kind(settings, task=task).fit(fit, held=held) for kind in standing(task)}
    combined = Combined(settings, task=task, parts=(alone[Name.LINEAR], alone[Name.BOOSTED])).fit(
        fit, held=held
    )
    found: dict[Name, Standing] = {}
    for candidate in (*alone.values(), combined):
        score = candidate.score(held)
        # The combination's weights were fitted on these very rows: only cross-fitted ones
        # compare fairly.
        fair = _cross_stacked(combined, held, rng=rng) if candidate is combined else score
        form, foretold = choose_calibration(
            fair, held.label, weight=held.weight, task=task, rng=rng
        )
        found[candidate.name] = Standing(
            candidate, form, ordering_losses(fair, held, task=task), foretold, candidate
        )
    return found


def _refit_calibration(
    candidate: Candidate, rows: Rows, *, task: Task, seed: int
) -> CalibrationForm:
    """Return the calibration of a refit, from scores of rows that each fit had not seen.

    The select part alone is six times smaller and calibrates the fit before the refit: over 12
    models that gave an error of 0.023 against the true probabilities, this gives 0.012
    (docs/decisions/022).
    """
    rng = np.random.default_rng(seed)
    fold = balanced_folds(rows.label, count=_REFIT_FOLDS, task=task, rng=rng)
    rows = rows.take(fold >= 0)
    fold = fold[fold >= 0]
    score = np.empty(len(rows))
    for each in range(_REFIT_FOLDS):
        out = fold == each
        score[out] = candidate.refitted(rows.take(~out)).score(rows.take(out))
    form, _ = choose_calibration(score, rows.label, weight=rows.weight, task=task, rng=rng)
    return form


def _cross_stacked(combined: Combined, select: Rows, *, rng: np.random.Generator) -> Scores:
    """Return the combined scores of the rows, each with weights fitted without its fifth."""
    scores = np.stack([part.score(select) for part in combined.parts_], axis=1)
    folds = balanced_folds(select.label, count=_STACK_FOLDS, task=combined.task, rng=rng)
    found = scores @ combined.weights_ + combined.shift_
    for fold in range(_STACK_FOLDS):
        out, kept = folds == fold, folds != fold
        weights, shift = stacked(scores[kept], select.take(kept), task=combined.task)
        found[out] = scores[out] @ weights + shift
    return found
