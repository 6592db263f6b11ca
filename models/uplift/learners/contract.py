"""What every uplift learner takes and gives, so that one test and one election serve them all."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from models.uplift.base import BaseSettings
from models.uplift.effect_form import EffectPart
from models.uplift.outcomes import OutcomeFits
from models.uplift.presented import PresentedRows


class Name(StrEnum):
    """The learners, simplest first: between equals the simpler one wins."""

    RESPONSE = "response"
    S = "s"
    T = "t"
    X = "x"
    DR = "dr"
    R = "r"


class Learner(Protocol):
    """A model of what each offer adds. State ends in `_` and is set in `fit` alone.

    `ranks_only`: its numbers order contacts but are no effects, and must not be read as such.
    """

    name: ClassVar[Name]
    ranks_only: ClassVar[bool]

    def __init__(self, settings: BaseSettings) -> None: ...

    def fit(
        self,
        rows: PresentedRows,
        *,
        rng: np.random.Generator,
        outcomes: OutcomeFits | None = None,
    ) -> Self:
        """Fit on `rows`; `outcomes`, where given, are the fits of the same rows, to save time."""
        ...

    def effects(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, k) effects of each offer against nothing, in the outcome's unit.

        Eligibility is the caller's to apply: an offer gets a number for every contact.
        """
        ...

    def baseline(self, matrix: NDArray[np.float32]) -> NDArray[np.float64] | None:
        """Return (n,) expected outcomes with nothing; None where the learner has none."""
        ...

    def forms(self, folder: Path, *, stem: str) -> tuple[EffectPart, ...]:
        """Return the parts whose weighted sum is the effect; ONNX files go to `folder/stem.*`."""
        ...
