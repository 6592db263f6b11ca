"""What the lines of a profile's acceptance say of each feature, as it is written and read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.model_set import CalibrationForm, read_calibration, read_json


@dataclass(frozen=True, slots=True)
class SharesForm:
    """How a score is shared out among `features`, whose number stands for what is no feature's.

    `columns` are those of the graph's encoded row that a line looks at; each adds its distance
    from its mean, times its coefficient, to the share of its target. `coefficients` (k + 1, m) and
    `bases` (k + 1,) are those of each offer, the last of none. `averages`: the score is a
    probability, not log-odds. `trees`: a graph beside has the shares of the trees.
    """

    features: tuple[str, ...]
    columns: tuple[int, ...]
    targets: tuple[int, ...]
    means: tuple[float, ...]
    coefficients: tuple[tuple[float, ...], ...]
    bases: tuple[float, ...]
    calibration: CalibrationForm
    averages: bool
    trees: bool


def read_shares(path: Path) -> SharesForm:
    """Return how a score is shared out; ModelSetFormatError when the file is damaged."""
    value = read_json(path)
    return SharesForm(
        features=tuple(value["features"]),
        columns=tuple(value["columns"]),
        targets=tuple(value["targets"]),
        means=tuple(value["means"]),
        coefficients=tuple(tuple(row) for row in value["coefficients"]),
        bases=tuple(value["bases"]),
        calibration=read_calibration(value["calibration"]),
        averages=value["averages"],
        trees=value["trees"],
    )
