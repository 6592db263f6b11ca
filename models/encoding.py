"""The one encoder of a model set: named columns in, a dense float32 matrix without gaps out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from features.errors import nearest
from models.errors import EncodingError

Columns: TypeAlias = Mapping[str, Sequence[object] | NDArray[Any]]

# A category earns its own column when this many training rows, and this share, hold it.
_CATEGORY_ROWS = 20
_CATEGORY_SHARE = 0.002
_CATEGORIES_AT_MOST = 40
# Beyond this skewness a signed logarithm makes a column fit for a linear model.
_SKEWED = 1.0
# A value further out than this many standard deviations is a typing error or a new world:
# a linear model must not extrapolate from it.
FURTHEST_DEVIATIONS = 8.0
# The fill for a category that is absent, as its own category.
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """How one continuous, binary or ordinal column becomes a standardised number."""

    name: str
    fill: float
    logged: bool
    mean: float
    scale: float
    indicator: bool


@dataclass(frozen=True, slots=True)
class NominalColumn:
    """The frequent categories of one nominal column; any other value is all zeros."""

    name: str
    categories: tuple[str, ...]


class Encoder:
    """A fitted encoding: it never changes after construction, and it holds no row of the data."""

    def __init__(
        self,
        numeric: Sequence[NumericColumn],
        nominal: Sequence[NominalColumn],
        *,
        means: NDArray[np.float64],
    ) -> None:
        self.numeric = tuple(numeric)
        self.nominal = tuple(nominal)
        self.means = means
        self.names, self.sources = _layout(self.numeric, self.nominal)
        self._fill = np.array([column.fill for column in numeric])
        self._logged = np.flatnonzero([column.logged for column in numeric])
        self._mean = np.array([column.mean for column in numeric])
        self._scale = np.array([column.scale for column in numeric])
        self._flagged = np.flatnonzero([column.indicator for column in numeric])
        self.codes: tuple[Mapping[str, int], ...] = tuple(
            {category: place for place, category in enumerate(column.categories)}
            for column in nominal
        )

    @property
    def width(self) -> int:
        """The number of encoded columns."""
        return len(self.names)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns it reads."""
        numeric = tuple(column.name for column in self.numeric)
        return numeric + tuple(column.name for column in self.nominal)

    @property
    def spreads(self) -> NDArray[np.float64]:
        """(width,) standard deviations of the encoded columns among the training rows."""
        share = np.clip(self.means, 0.0, 1.0)
        flags = np.arange(self.width) >= len(self.numeric)
        return np.where(flags, np.sqrt(share * (1.0 - share)), 1.0)

    @classmethod
    def fitted(cls, columns: Columns, *, kinds: Mapping[str, Kind]) -> Encoder:
        """Return the encoder learnt from training rows.

        Raises EncodingError when a column is missing or a numeric column holds text.
        """
        numeric = [
            _learnt_numeric(name, _numbers(columns, name), kind)
            for name, kind in kinds.items()
            if kind is not Kind.NOMINAL
        ]
        nominal = [
            _learnt_nominal(name, _texts(columns, name))
            for name, kind in kinds.items()
            if kind is Kind.NOMINAL
        ]
        width = len(_layout(numeric, nominal)[0])
        encoder = cls(numeric, nominal, means=np.zeros(width))
        means = encoder.encode(columns).mean(axis=0, dtype=np.float64)
        return cls(numeric, nominal, means=means)

    def encode(self, columns: Columns) -> NDArray[np.float32]:
        """Return the (n, width) matrix of the columns; None and NaN count as absent.

        Raises EncodingError when a column is missing or a numeric column holds text.
        """
        parts: list[NDArray[Any]] = []
        if self.numeric:
            raw = np.stack([_numbers(columns, column.name) for column in self.numeric], axis=1)
            absent = ~np.isfinite(raw)
            filled = np.where(absent, self._fill, raw)
            filled[:, self._logged] = _signed_log(filled[:, self._logged])
            standard = (filled - self._mean) / self._scale
            np.clip(standard, -FURTHEST_DEVIATIONS, FURTHEST_DEVIATIONS, out=standard)
            parts = [standard, absent[:, self._flagged]]
        for column, codes in zip(self.nominal, self.codes, strict=True):
            parts.append(_one_hot(_texts(columns, column.name), codes))
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")

    def raw(self, columns: Columns) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return (n, m) numbers, NaN where absent, and (n, c) codes, -1 for no known category.

        Raises EncodingError as `encode` does.
        """
        count = len(_column(columns, self.features[0])) if self.features else 0
        numbers = np.empty((count, len(self.numeric)))
        for place, number in enumerate(self.numeric):
            numbers[:, place] = _numbers(columns, number.name)
        codes = np.empty((count, len(self.nominal)), dtype=np.int64)
        for place, (column, known) in enumerate(zip(self.nominal, self.codes, strict=True)):
            codes[:, place] = [known.get(text, -1) for text in _texts(columns, column.name)]
        return numbers, codes

    def known(self, columns: Columns) -> NDArray[np.bool_]:
        """Return (n, features) of whether each of `features` is there; None and NaN are not.

        Raises EncodingError as `encode` does.
        """
        numeric = [np.isfinite(_numbers(columns, column.name)) for column in self.numeric]
        nominal = [
            np.array([text != ABSENT for text in _texts(columns, column.name)], dtype=bool)
            for column in self.nominal
        ]
        return np.stack([*numeric, *nominal], axis=1)

    def to_json(self) -> dict[str, Any]:
        """Return the whole state as JSON values."""
        return {
            "numeric": [
                {
                    "name": column.name,
                    "fill": column.fill,
                    "logged": column.logged,
                    "mean": column.mean,
                    "scale": column.scale,
                    "indicator": column.indicator,
                }
                for column in self.numeric
            ],
            "nominal": [
                {"name": column.name, "categories": list(column.categories)}
                for column in self.nominal
            ],
            "means": self.means.tolist(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Encoder:
        """Return the encoder whose `to_json` was `value`."""
        return cls(
            [NumericColumn(**column) for column in value["numeric"]],
            [
                NominalColumn(column["name"], tuple(column["categories"]))
                for column in value["nominal"]
            ],
            means=np.array(value["means"], dtype=np.float64),
        )


def _layout(
    numeric: Sequence[NumericColumn], nominal: Sequence[NominalColumn]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the encoded names and, beside each, the column that it comes from."""
    pairs = [(column.name, column.name) for column in numeric]
    pairs += [(f"{column.name} absent", column.name) for column in numeric if column.indicator]
    pairs += [
        (f"{column.name}={category}", column.name)
        for column in nominal
        for category in column.categories
    ]
    return tuple(name for name, _ in pairs), tuple(source for _, source in pairs)


def _column(columns: Columns, name: str) -> Sequence[object] | NDArray[Any]:
    if name not in columns:
        raise EncodingError(
            f"The column '{name}' is missing.",
            fix=f"Pass every feature of the model set, None where it is not known."
            f"{nearest(name, columns)}",
        )
    return columns[name]


def _numbers(columns: Columns, name: str) -> NDArray[np.float64]:
    values = _column(columns, name)
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise EncodingError(
            f"The column '{name}' holds a value that is no number.",
            fix="Pass numbers, True, False or None, or declare the column nominal.",
        ) from None


def _texts(columns: Columns, name: str) -> list[str]:
    values = _column(columns, name)
    items = values.tolist() if isinstance(values, np.ndarray) else values
    # NaN is how a frame writes an absent text: the only value that differs from itself.
    return [
        item if type(item) is str else ABSENT if item is None or item != item else str(item)
        for item in items
    ]


def _signed_log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sign(values) * np.log1p(np.abs(values))


def _one_hot(values: list[str], codes: Mapping[str, int]) -> NDArray[np.float32]:
    wide = np.zeros((len(values), len(codes) + 1), dtype=np.float32)
    places = [codes.get(value, -1) for value in values]
    # The last column catches the unseen (-1) and is cut off again: they stay all zeros.
    wide[np.arange(len(values)), places] = 1.0
    return wide[:, :-1]


def _learnt_numeric(name: str, values: NDArray[np.float64], kind: Kind) -> NumericColumn:
    present = values[np.isfinite(values)]
    fill = float(np.median(present)) if len(present) else 0.0
    filled = np.where(np.isfinite(values), values, fill)
    logged = kind is Kind.CONTINUOUS and abs(_skewness(present)) > _SKEWED
    if logged:
        filled = _signed_log(filled)
    scale = float(filled.std()) if len(filled) else 0.0
    return NumericColumn(
        name=name,
        fill=fill,
        logged=logged,
        mean=float(filled.mean()) if len(filled) else 0.0,
        scale=scale if scale > 1e-9 else 1.0,
        indicator=0 < len(present) < len(values),
    )


def _learnt_nominal(name: str, values: list[str]) -> NominalColumn:
    found, counts = np.unique(np.array(values, dtype=np.str_), return_counts=True)
    least = max(_CATEGORY_ROWS, _CATEGORY_SHARE * len(values))
    frequent = sorted(
        (-int(count), str(category))
        for category, count in zip(found, counts, strict=True)
        if count >= least
    )
    return NominalColumn(name, tuple(category for _, category in frequent[:_CATEGORIES_AT_MOST]))


def _skewness(values: NDArray[np.float64]) -> float:
    spread = float(values.std()) if len(values) else 0.0
    if spread < 1e-9:
        return 0.0
    return float((((values - values.mean()) / spread) ** 3).mean())
