"""The election: which candidate becomes a profile's champion, and why.

The rule: every candidate is fitted on the fit part. Its ordering loss on the select part decides
(models.ordering: log loss, or squared error for amounts, with the levels of blocks of time taken
out). The simplest candidate within `tolerance_errors` standard errors of the least loss wins, in
the order linear, forest, boosted, combined. The champion is then fitted again on the fit and the
select part together, and calibrated on scores of these rows by fits that had not seen them. The
judge part is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.calibration import choose_calibration
from models.candidates.boosted import Boosted
from models.candidates.combined import Combined, stacked
from models.candidates.contract import Candidate, CandidateSettings, Name, Rows
from models.candidates.forest import Forest
from models.candidates.linear import Linear
from models.compiled import calibrated
from models.model_set import CalibrationForm
from models.ordering import first_within_error, ordering_losses
from models.signals import Task

Scores = NDArray[np.float64]
_STACK_FOLDS = 5
_REFIT_FOLDS = 3


# Every candidate but the combination of two of them, simplest first: a new one adds its line.
STANDING_ALONE: tuple[type[Linear] | type[Forest] | type[Boosted], ...] = (Linear, Forest, Boosted)


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate as it stood in the election: fitted on the fit part, and its select losses."""

    candidate: Candidate
    calibration: CalibrationForm
    losses: Scores

    @property
    def loss(self) -> float:
        """The mean loss on the select part."""
        return float(self.losses.mean())


@dataclass(frozen=True, slots=True)
class Elected:
    """The champion as it will answer, beside all candidates as they stood."""

    champion: Name
    candidate: Candidate
    calibration: CalibrationForm
    standings: Mapping[Name, Standing]
    task: Task
    # One unit of the labels that the candidates saw: 1, or the amounts' spread in money.
    scale: float

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
) -> Elected:
    """Return the champion of the candidates, by the rule above; the labels are in true units."""
    scale = 1.0 if task is Task.PROBABILITY else max(float(fit.label.std()), 1e-9)
    fit = replace(fit, label=fit.label / scale)
    select = replace(select, label=select.label / scale)
    standings = _standings(fit, select, task=task, settings=settings)
    champion = champion_of(
        {name: standing.losses for name, standing in standings.items()},
        tolerance_errors=tolerance_errors,
    )
    winner = standings[champion]
    if not refit:
        return Elected(champion, winner.candidate, winner.calibration, standings, task, scale)
    rows = joined(fit, select)
    candidate = winner.candidate.refitted(rows)
    calibration = _refit_calibration(winner.candidate, rows, task=task, seed=settings.seed)
    return Elected(champion, candidate, calibration, standings, task, scale)


def champion_of(losses_of: Mapping[Name, Scores], *, tolerance_errors: float) -> Name:
    """Return the simplest candidate within so many standard errors of the least mean loss."""
    names = [name for name in Name if name in losses_of]
    found = [losses_of[name] for name in names]
    return names[first_within_error(found, tolerance_errors=tolerance_errors)]


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


def _standings(
    fit: Rows, select: Rows, *, task: Task, settings: CandidateSettings
) -> dict[Name, Standing]:
    rng = np.random.default_rng(settings.seed)
    alone = {kind.name: kind(settings, task=task).fit(fit, held=select) for kind in STANDING_ALONE}
    combined = Combined(settings, task=task, parts=(alone[Name.LINEAR], alone[Name.BOOSTED])).fit(
        fit, held=select
    )
    standings: dict[Name, Standing] = {}
    for candidate in (*alone.values(), combined):
        score = candidate.score(select)
        form, _ = choose_calibration(score, select.label, weight=select.weight, task=task, rng=rng)
        # The combination's weights were fitted on these very rows: only cross-fitted ones
        # compare fairly.
        fair = _cross_stacked(combined, select, rng=rng) if candidate is combined else score
        standings[candidate.name] = Standing(
            candidate, form, ordering_losses(fair, select, task=task)
        )
    return standings


def _refit_calibration(
    candidate: Candidate, rows: Rows, *, task: Task, seed: int
) -> CalibrationForm:
    """Return the calibration of a refit, from scores of rows that each fit had not seen.

    The select part alone is six times smaller and calibrates the fit before the refit: over 12
    models that gave an error of 0.023 against the true probabilities, this gives 0.012
    (docs/decisions/022).
    """
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, _REFIT_FOLDS, len(rows))
    score = np.empty(len(rows))
    for each in range(_REFIT_FOLDS):
        out = fold == each
        score[out] = candidate.refitted(rows.take(~out)).score(rows.take(out))
    form, _ = choose_calibration(score, rows.label, weight=rows.weight, task=task, rng=rng)
    return form


def _cross_stacked(combined: Combined, select: Rows, *, rng: np.random.Generator) -> Scores:
    """Return the combined scores of the rows, each with weights fitted without its fifth."""
    scores = np.stack([part.score(select) for part in combined.parts_], axis=1)
    folds = rng.integers(0, _STACK_FOLDS, len(select))
    found = np.empty(len(select))
    for fold in range(_STACK_FOLDS):
        out, kept = folds == fold, folds != fold
        weights, shift = stacked(scores[kept], select.take(kept), task=combined.task)
        found[out] = scores[out] @ weights + shift
    return found
