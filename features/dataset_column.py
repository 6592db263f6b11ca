"""One column of a flat table: its kind, and how its values become what a model reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.contract import Kind
from features.dataset_file import Ordered
from features.errors import ContractError

# Numbers of few values are codes of an order; numbers of many values are amounts.
_MOST_CODES = 10
_BINARY_VALUES = 2
# Text that hardly repeats is a name or a number of something, not a kind of customer.
_ID_SHARE, _ID_ROWS = 0.5, 100


@dataclass(frozen=True, slots=True)
class DatasetColumn:
    """A feature column; `levels` are the words of a binary or ordinal column, lowest first.

    Without levels the values of a binary, ordinal or continuous column are numbers.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()

    def read(self, values: pd.Series, *, place: str) -> pd.Series:
        """Return `values` as this column: float64, or words with None where nominal and empty.

        A level that was not there when the kind was found counts as missing (NaN).

        Raises:
            ContractError: a value is no number, and the column is one of numbers.
        """
        if self.kind is Kind.NOMINAL:
            return as_words(values)
        if self.levels:
            rank = {level: float(position) for position, level in enumerate(self.levels)}
            return as_words(values).map(rank).astype("float64")
        return self._numbers(values, place=place)

    def _numbers(self, values: pd.Series, *, place: str) -> pd.Series:
        codes, distinct = pd.factorize(values)
        cast = np.append(pd.to_numeric(pd.Series(distinct), errors="coerce"), np.nan)
        numbers = pd.Series(cast.astype(np.float64)[codes], values.index, name=values.name)
        offending = np.flatnonzero((numbers.isna() | np.isinf(numbers)) & (codes >= 0))
        if offending.size:
            first = offending[0]
            raise ContractError(
                f"Column '{self.name}' of {place} is {self.kind}, but row {first + 1} "
                f"holds '{values.iloc[first]}'.",
                fix="Declare it nominal, list the word under `missing`, or mend the table.",
            )
        return numbers


def declared_column(
    name: str, kind: Kind | Ordered, values: pd.Series, *, place: str
) -> DatasetColumn:
    """Return the column as declared in the dataset file.

    Raises:
        ContractError: the values do not fit: more than two in a binary column, or an ordinal
            column of words without their order.
    """
    if isinstance(kind, Ordered):
        _demand_listed(name, kind.ordinal, values, place=place)
        return DatasetColumn(name, Kind.ORDINAL, kind.ordinal)
    if kind is Kind.BINARY:
        return _binary(name, values, place=place)
    if kind is Kind.ORDINAL and not _is_numeric(values):
        raise ContractError(
            f"Column '{name}' of {place} is ordinal, but its values are words.",
            fix=f'Give their order, lowest first: {name} = {{ ordinal = ["...", "..."] }}.',
        )
    return DatasetColumn(name, kind)


def inferred_column(name: str, values: pd.Series, *, place: str) -> DatasetColumn:
    """Return the column with the kind that its values suggest.

    Two values are binary; whole numbers of at most ten values ordinal, other numbers
    continuous; other text nominal.

    Raises:
        ContractError: the column is empty, holds times, or looks like an id.
    """
    distinct = values.dropna().drop_duplicates()
    if distinct.empty or pd.api.types.is_datetime64_any_dtype(values):
        raise ContractError(
            f"Column '{name}' of {place} {'is empty' if distinct.empty else 'holds times'}.",
            fix=f'Leave it out: [leave_out] {name} = "why".',
        )
    if len(distinct) == _BINARY_VALUES:
        return _binary(name, distinct, place=place)
    if _is_numeric(distinct):
        return DatasetColumn(name, Kind.ORDINAL if _are_codes(distinct) else Kind.CONTINUOUS)
    if len(values) >= _ID_ROWS and len(distinct) > _ID_SHARE * len(values):
        raise ContractError(
            f"Column '{name}' of {place} has {len(distinct)} words in {len(values)} rows: an id?",
            fix="Name it as `id`, leave it out, or declare it nominal.",
        )
    return DatasetColumn(name, Kind.NOMINAL)


def as_words(values: pd.Series) -> pd.Series:
    """Return `values` as text, whole numbers without a point; missing values stay missing."""
    codes, distinct = pd.factorize(values)
    words = pd.Series(distinct)
    if pd.api.types.is_float_dtype(words) and (words == words.round()).all():
        words = words.astype("int64")
    text = np.array([*words.astype("string"), None], dtype=object)  # the last one: missing
    return pd.Series(text[codes], values.index, dtype="object", name=values.name)


def _binary(name: str, values: pd.Series, *, place: str) -> DatasetColumn:
    words = sorted(as_words(values).dropna().unique())
    if len(words) > _BINARY_VALUES:
        raise ContractError(
            f"Column '{name}' of {place} is binary, but has {len(words)} values: "
            f"{', '.join(words[:4])}{', ...' if len(words) > 4 else ''}.",
            fix="Declare it nominal, or list the word for no value under `missing`.",
        )
    return DatasetColumn(name, Kind.BINARY, tuple(str(word) for word in words))


def _demand_listed(name: str, order: tuple[str, ...], values: pd.Series, *, place: str) -> None:
    words = as_words(values)
    strange = np.flatnonzero(words.notna() & ~words.isin(order))
    if strange.size:
        first = strange[0]
        raise ContractError(
            f"Column '{name}' of {place} has '{words.iloc[first]}' in row {first + 1}, "
            "which its order does not list.",
            fix=f"Add it to the order ({', '.join(order)}) or list it under `missing`.",
        )


def _are_codes(distinct: pd.Series) -> bool:
    numbers = pd.to_numeric(distinct)
    return bool(numbers.nunique() <= _MOST_CODES and (numbers == numbers.round()).all())


def _is_numeric(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return True
    words = values.dropna().drop_duplicates().astype("string")
    # 01101 is a postcode, not the number 1101.
    if words.str.match(r"^[+-]?0[0-9]").any():
        return False
    return bool(pd.to_numeric(words, errors="coerce").notna().all())
