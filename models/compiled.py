"""Run a model set from its folder, with numpy and ONNX Runtime alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.artefacts import demand_known
from models.encoding import Columns, Encoder
from models.errors import UnknownSignalError
from models.link import log_odds, sigmoid
from models.model_set import (
    ALL_PROFILES,
    ENCODING,
    CalibrationForm,
    ComposedForm,
    LinearForm,
    Manifest,
    PartForm,
    SignalForm,
    TreeForm,
    read_json,
    read_manifest,
    read_signal,
)
from models.reasons import Reasons
from models.signals import Signal, Task

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


def _reasons(form: LinearForm, *, encoder: Encoder, offers: int) -> Reasons:
    """Return what moves one model's scores, averaged over the offers."""
    scorer = LinearScorer(form, width=encoder.width, offers=offers)
    used = slice(0, max(offers, 1))
    vector, shift = scorer.vectors[used].mean(axis=0), scorer.shifts[used].mean()
    return Reasons(vector, float(shift), encoder=encoder)


class CompiledModelSet:
    """A model set that answers; it holds no fitted library object and never changes."""

    def __init__(
        self,
        manifest: Manifest,
        encoder: Encoder,
        *,
        signals: dict[tuple[str, str], CompiledSignal],
        reasons: dict[str, Reasons],
    ) -> None:
        self.manifest = manifest
        self.encoder = encoder
        self.version = manifest.version
        self.features = tuple(name for name, _ in manifest.features)
        self.profiles = manifest.profiles
        self.offer_ids = manifest.offer_ids
        self.signals = tuple(Signal(name) for name in dict.fromkeys(key[0] for key in signals))
        self._signals = signals
        self.reasons = reasons

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1) -> CompiledModelSet:
        """Return the model set of a folder; `threads` are ONNX Runtime's, per call.

        More than one thread makes one-row calls slower and batches faster.
        Raises ModelSetNotFoundError or ModelSetFormatError.
        """
        manifest = read_manifest(folder)
        demand_known(folder)
        encoder = Encoder.from_json(read_json(folder / ENCODING))
        offers = len(manifest.offer_ids)
        loaded: dict[str, CompiledSignal] = {}
        signals: dict[tuple[str, str], CompiledSignal] = {}
        reasons: dict[str, Reasons] = {}
        for answer in manifest.answers:
            form = read_signal(folder / answer.file)
            if answer.file not in loaded:
                loaded[answer.file] = CompiledSignal(
                    form, folder=folder, width=encoder.width, offers=offers, threads=threads
                )
            signals[answer.signal, answer.profile] = loaded[answer.file]
            if answer.signal == Signal.ACCEPT and form.reasons is not None:
                reasons[answer.profile] = _reasons(form.reasons, encoder=encoder, offers=offers)
        return cls(manifest, encoder, signals=signals, reasons=reasons)

    def encode(self, columns: Columns) -> Matrix:
        """Return the (n, p) matrix of the feature columns; None and NaN count as absent.

        Raises EncodingError when a column is missing or a numeric one holds text.
        """
        return self.encoder.encode(columns)

    def predict(
        self, signal: str, matrix: Matrix, *, profile: NDArray[np.str_], offer: Offers
    ) -> Scores:
        """Return (n,) probabilities (money for `value`); `offer` indexes `offer_ids`, -1 is none.

        A profile that the set does not know is answered by the all-profiles model.
        Raises UnknownSignalError.
        """
        found = np.empty(len(matrix))
        for name, rows in _by_profile(profile):
            model = self._signal(signal, name)
            found[rows] = model.predict(matrix[rows], offer[rows])
        return found

    def drivers(
        self, matrix: Matrix, *, profile: NDArray[np.str_], top: int = 3
    ) -> tuple[NDArray[np.str_], Scores]:
        """Return (n, top) features and their effects on the probability of acceptance.

        They come from the profile's linear model, averaged over the offers, against the average
        customer; largest effect first.
        """
        longest = max((len(name) for name in self.features), default=1)
        names = np.full((len(matrix), top), "", dtype=f"<U{longest}")
        effects = np.zeros((len(matrix), top))
        for name, rows in _by_profile(profile):
            reasons = self.reasons.get(name) or self.reasons.get(ALL_PROFILES)
            if reasons is not None:
                names[rows], effects[rows] = reasons.top(matrix[rows], top)
        return names, effects

    def _signal(self, signal: str, profile: str) -> CompiledSignal:
        model = self._signals.get((signal, profile)) or self._signals.get((signal, ALL_PROFILES))
        if model is None:
            raise UnknownSignalError(
                f"Model set {self.version} has no signal '{signal}'.",
                fix=f"It has: {', '.join(self.signals)}.",
            )
        return model


def _by_profile(profile: NDArray[np.str_]) -> list[tuple[str, Any]]:
    """Return each profile with its rows; a slice when there is only one, to copy nothing."""
    if len(profile) == 0:
        return []
    first = profile[0]
    if len(profile) == 1 or bool((profile == first).all()):
        return [(str(first), slice(None))]
    return [(str(name), np.flatnonzero(profile == name)) for name in np.unique(profile)]
