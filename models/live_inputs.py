"""Raw values as the inputs of a live graph: numbers, and codes of categories."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.encoding import ABSENT, Columns, Encoder
from models.errors import EncodingError

Value: TypeAlias = float | str | bool | None
Feed: TypeAlias = dict[str, NDArray[Any]]

NUMBERS, CODES = "numbers", "codes"
# The encoded row, which a profile's graph gives beside the scores and a graph of reasons begins at.
ROW = "row"
# What a graph of reasons is asked and answers beside.
OFFER, SHARES = "offer", "shares"


class LiveInputs:
    """What goes into a live graph; a thread fills the same two arrays again for each contact."""

    def __init__(self, features: Sequence[str], encoder: Encoder) -> None:
        place = {name: at for at, name in enumerate(features)}
        self._count = len(place)
        self._encoder = encoder
        at = [place[column.name] for column in encoder.numeric]
        self._numeric = itemgetter(*at) if at else None
        self._nominal = tuple(
            (number, place[column.name], codes)
            for number, (column, codes) in enumerate(
                zip(encoder.nominal, encoder.codes, strict=True)
            )
        )
        self._own = threading.local()

    def one(self, values: Sequence[Value]) -> Feed:
        """Return the inputs of one contact, until this thread asks again; values as in `features`.

        Raises EncodingError when there are too few or too many, or a numeric one is no number.
        """
        if len(values) != self._count:
            raise EncodingError(
                f"{len(values)} values were given for {self._count} features.",
                fix="Give one for each feature, in their order, None where it is not known.",
            )
        feed, numbers, codes = self._arrays()
        if self._numeric is not None:
            try:
                numbers[0] = self._numeric(values)
            except (TypeError, ValueError):
                raise _no_number(self._encoder, self._numeric(values)) from None
        for number, at, known in self._nominal:
            value = values[at]
            codes[0, number] = known.get(value if type(value) is str else _text(value), -1)
        return feed

    def many(self, columns: Columns) -> Feed:
        """Return the inputs of n contacts.

        Raises EncodingError when a column is missing or a numeric one holds text.
        """
        numbers, codes = self._encoder.raw(columns)
        return _feed(numbers, codes)

    def _arrays(self) -> tuple[Feed, NDArray[np.float64], NDArray[np.int64]]:
        try:
            return self._own.arrays  # type: ignore[no-any-return]
        except AttributeError:
            numbers = np.empty((1, len(self._encoder.numeric)))
            codes = np.empty((1, len(self._encoder.nominal)), dtype=np.int64)
            self._own.arrays = (_feed(numbers, codes), numbers, codes)
            return self._own.arrays  # type: ignore[no-any-return]


def _feed(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> Feed:
    """Return the inputs that the graph has: one without columns is left out."""
    both: Feed = {NUMBERS: numbers, CODES: codes}
    return {name: values for name, values in both.items() if values.shape[1]}


def _text(value: Value) -> str:
    # NaN is how a frame writes an absent text: the only value that differs from itself.
    return ABSENT if value is None or value != value else str(value)


def _no_number(encoder: Encoder, values: Any) -> EncodingError:
    given = values if isinstance(values, tuple) else (values,)
    name, wrong = next(
        (column.name, value)
        for column, value in zip(encoder.numeric, given, strict=True)
        if not _is_number(value)
    )
    return EncodingError(
        f"'{name}' holds {wrong!r:.80}, which is no number.",
        fix="Pass numbers, True, False or None, or declare the column nominal.",
    )


def _is_number(value: Any) -> bool:
    try:
        return np.asarray([value], dtype=np.float64).shape == (1,)
    except (TypeError, ValueError):
        return False
