"""Scores of compiled models: linear, composed, and trees; and one signal's model from its parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.link import log_odds, sigmoid
from models.model_set import (
    CalibrationForm,
    ComposedForm,
    LinearForm,
    PartForm,
    SignalForm,
    TreeForm,
)
from models.signals import Task

Matrix = NDArray[np.float32]
Offers = NDArray[np.intp]
Scores = NDArray[np.float64]
Scorer = Callable[[Matrix, Offers], Scores]

# Rows that are given to the trees at once: their one-hot copy stays within some megabytes.
_ROWS_AT_ONCE = 32_768


def calibrated(score: Scores, form: CalibrationForm, *, task: Task) -> Scores:
    """Return the probability (or amount, in the score's unit) that a score stands for."""
    if form.method == "isotonic":
        return _along_knots(score, np.array(form.knots))
    moved = form.slope * score + form.shift
    return sigmoid(moved) if task is Task.PROBABILITY else moved


def _along_knots(score: Scores, knots: NDArray[np.float64]) -> Scores:
    """Return the probability between the knots; beyond the ends log-odds go on with the score."""
    inside = np.clip(score, knots[0, 0], knots[-1, 0])
    found = np.interp(inside, knots[:, 0], knots[:, 1])
    return sigmoid(log_odds(found) + (score - inside))


def with_offer(matrix: Matrix, offer: Offers, offers: int) -> Matrix:
    """Return the matrix with the offers' one-hot columns behind it; offer -1 is all zeros."""
    wide = np.zeros((len(matrix), matrix.shape[1] + offers), dtype=np.float32)
    wide[:, : matrix.shape[1]] = matrix
    rows = np.flatnonzero(offer >= 0)
    wide[rows, matrix.shape[1] + offer[rows]] = 1.0
    return wide


class LinearScorer:
    """A linear score as one vector per offer; the last vector is for no offer."""

    def __init__(self, form: LinearForm, *, width: int, offers: int) -> None:
        main = np.zeros(width)
        for column, by in form.coefficients:
            main[column] = by
        self.vectors = np.tile(main, (offers + 1, 1))
        for offer, column, by in form.products:
            self.vectors[offer, column] += by
        self.shifts = np.full(offers + 1, form.intercept)
        self.shifts[:offers] += np.array(form.offers)

    def __call__(self, matrix: Matrix, offer: Offers) -> Scores:
        """Return (n,) scores; `offer` is an index of the model set's offers, -1 for none."""
        by_offer = matrix.astype(np.float64) @ self.vectors.T + self.shifts
        return np.asarray(by_offer[np.arange(len(matrix)), offer])


class ComposedScorer:
    """An amount as chance of a sale times what it brings, kept or lapsed."""

    def __init__(self, form: ComposedForm, *, width: int, offers: int) -> None:
        self._sale, self._lapse, self._gain = (
            LinearScorer(part, width=width, offers=offers)
            for part in (form.sale, form.lapse, form.gain)
        )
        self._losses = np.array(form.losses)

    def __call__(self, matrix: Matrix, offer: Offers) -> Scores:
        """Return (n,) amounts; `offer` is an index of the model set's offers, -1 for none."""
        lapse = sigmoid(self._lapse(matrix, offer))
        # A gain is one: where the straight line foretells less than nothing it is taken as nothing.
        gain = np.maximum(self._gain(matrix, offer), 0.0)
        kept = (1.0 - lapse) * gain + lapse * self._losses[offer]
        return np.asarray(sigmoid(self._sale(matrix, offer)) * kept)


class TreeScorer:
    """Trees in ONNX Runtime; for probabilities the score is the log-odds."""

    def __init__(self, path: Path, *, offers: int, task: Task, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[-1].name
        self._offers = offers
        self._task = task

    def __call__(self, matrix: Matrix, offer: Offers) -> Scores:
        """Return (n,) scores; `offer` is an index of the model set's offers, -1 for none."""
        chunks = [
            self._chunk(matrix[start : start + _ROWS_AT_ONCE], offer[start : start + _ROWS_AT_ONCE])
            for start in range(0, len(matrix), _ROWS_AT_ONCE)
        ]
        return np.concatenate(chunks) if chunks else np.zeros(0)

    def _chunk(self, matrix: Matrix, offer: Offers) -> Scores:
        rows = with_offer(matrix, offer, self._offers)
        out = self._session.run([self._output], {self._input: rows})[0]
        if self._task is Task.PROBABILITY:
            return log_odds(out[:, 1])
        return np.asarray(out, dtype=np.float64).reshape(-1)


class CompiledSignal:
    """One signal's model for one profile, ready to run."""

    def __init__(
        self, form: SignalForm, *, folder: Path, width: int, offers: int, threads: int
    ) -> None:
        self.task = Task(form.task)
        self.champion = form.champion
        self._form = form
        self._parts: list[Scorer] = [
            _scorer(part, self.task, folder=folder, width=width, offers=offers, threads=threads)
            for part in form.parts
        ]

    def score(self, matrix: Matrix, offer: Offers) -> Scores:
        """Return (n,) uncalibrated scores."""
        total = np.full(len(matrix), self._form.shift)
        for weight, part in zip(self._form.weights, self._parts, strict=True):
            total += weight * part(matrix, offer)
        return total

    def predict(self, matrix: Matrix, offer: Offers) -> Scores:
        """Return (n,) probabilities, or amounts of money."""
        value = calibrated(self.score(matrix, offer), self._form.calibration, task=self.task)
        return value * self._form.scale if self.task is Task.AMOUNT else value


def _scorer(
    part: PartForm, task: Task, *, folder: Path, width: int, offers: int, threads: int
) -> Scorer:
    match part:
        case LinearForm():
            return LinearScorer(part, width=width, offers=offers)
        case ComposedForm():
            return ComposedScorer(part, width=width, offers=offers)
        case TreeForm():
            return TreeScorer(folder / part.file, offers=offers, task=task, threads=threads)
