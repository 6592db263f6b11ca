"""The compiled form of an effect: a weighted sum of models, each with the offer or with nothing.

On disk it is `stem.json`, which names one signal file per part (`stem.0.json`, ...) in the form of
every other signal of a model set, and their ONNX files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.model_set import SignalForm, read_json, read_signal, write_json
from models.scorers import CompiledSignal


@dataclass(frozen=True, slots=True)
class EffectPart:
    """One model in the sum; `offered` says whether it is asked with the offer or with none."""

    weight: float
    form: SignalForm
    offered: bool


@dataclass(frozen=True, slots=True)
class EffectForm:
    """What answers for an effect: which learner, and whether its numbers only rank.

    Of numbers that only rank, the highest comes first; none of them says that an offer adds.
    """

    learner: str
    ranks_only: bool
    parts: tuple[EffectPart, ...]


def write_effects(form: EffectForm, *, folder: Path, stem: str) -> None:
    """Write the form; the ONNX files of its parts are already in `folder`."""
    named = []
    for place, part in enumerate(form.parts):
        file = f"{stem}.{place}.json"
        write_json(folder / file, part.form)
        named.append({"weight": part.weight, "offered": part.offered, "file": file})
    value = {"learner": form.learner, "ranks_only": form.ranks_only, "parts": named}
    write_json(folder / f"{stem}.json", value)


def read_effects(folder: Path, *, stem: str) -> EffectForm:
    """Return the form that was written.

    Raises ModelSetNotFoundError when a file does not exist, ModelSetFormatError when it is damaged.
    """
    value = read_json(folder / f"{stem}.json")
    parts = tuple(
        EffectPart(each["weight"], read_signal(folder / each["file"]), each["offered"])
        for each in value["parts"]
    )
    return EffectForm(value["learner"], value["ranks_only"], parts)


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
