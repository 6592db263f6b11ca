"""The compiled form of an effect: a weighted sum of models, each with the offer or with nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.compiled import CompiledSignal
from models.model_set import SignalForm


@dataclass(frozen=True, slots=True)
class EffectPart:
    """One model in the sum; `offered` says whether it is asked with the offer or with none."""

    weight: float
    form: SignalForm
    offered: bool


class CompiledEffects:
    """The effects of k offers from compiled parts, with numpy and ONNX Runtime alone."""

    def __init__(
        self, parts: Sequence[EffectPart], *, folder: Path, width: int, offers: int, threads: int
    ) -> None:
        self.offers = offers
        self._parts = [
            (
                part.weight,
                part.offered,
                CompiledSignal(
                    part.form, folder=folder, width=width, offers=offers, threads=threads
                ),
            )
            for part in parts
        ]

    def effects(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, k) effects of each offer against nothing, in the outcome's unit."""
        count = len(matrix)
        total = np.zeros((count, self.offers))
        for weight, offered, signal in self._parts:
            if offered:
                for offer in range(self.offers):
                    total[:, offer] += weight * signal.predict(matrix, np.full(count, offer))
            else:
                total += weight * signal.predict(matrix, np.full(count, -1))[:, None]
        return total
