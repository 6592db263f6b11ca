"""Run a model set from its folder, with numpy and ONNX Runtime alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.artefacts import demand_known
from models.encoding import Columns, Encoder
from models.errors import UnknownSignalError
from models.model_set import (
    ALL_PROFILES,
    ENCODING,
    LinearForm,
    Manifest,
    read_json,
    read_manifest,
    read_signal,
)
from models.reasons import Reasons
from models.scorers import CompiledSignal, LinearScorer, Matrix, Offers, Scores
from models.signals import Signal
from models.uplift.effect_form import CompiledEffects, read_effects


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
        effects: dict[str, CompiledEffects] | None = None,
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
        self._effects = effects or {}

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
        effects = {
            answer.profile: CompiledEffects(
                read_effects(folder, stem=answer.files[0].removesuffix(".json")).parts,
                folder=folder,
                width=encoder.width,
                offers=offers,
                threads=threads,
            )
            for answer in manifest.effects
            if answer.files
        }
        return cls(manifest, encoder, signals=signals, reasons=reasons, effects=effects)

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

    def elected_effects(self, matrix: Matrix, *, profile: NDArray[np.str_]) -> Scores:
        """Return (n, k) effects of presenting each offer, by the profile's elected learner.

        NaN where none was elected: there the difference of the set's own models answers. For an
        outcome of 0 or 1 an effect is a difference of probabilities.
        """
        found = np.full((len(matrix), len(self.offer_ids)), np.nan)
        for name, rows in _by_profile(profile):
            if name in self._effects:
                found[rows] = self._effects[name].effects(matrix[rows])
        return found

    def effects(self, matrix: Matrix, *, profile: NDArray[np.str_]) -> Scores:
        """Return (n, k) effects of presenting each offer, against presenting nothing.

        By the elected learner, or else acceptance less baseline; NaN where the set has neither.
        """
        found = self.elected_effects(matrix, profile=profile)
        if not {Signal.ACCEPT, Signal.BASELINE} <= set(self.signals):
            return found
        for name, rows in _by_profile(profile):
            if name in self._effects:
                continue
            part, whose = matrix[rows], profile[rows]
            for offer in range(len(self.offer_ids)):
                asked = np.full(len(part), offer, dtype=np.intp)
                accept, baseline = (
                    self.predict(signal, part, profile=whose, offer=asked)
                    for signal in (Signal.ACCEPT, Signal.BASELINE)
                )
                found[rows, offer] = accept - baseline
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
