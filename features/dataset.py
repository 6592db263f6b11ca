"""The flat-table start: one table, a row per contact, described by a dataset file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from features.contract import Kind
from features.dataset_column import DatasetColumn, as_words, declared_column, inferred_column
from features.dataset_file import DatasetFile, Target, read_dataset_file
from features.dataset_sampling import row_weights
from features.errors import ContractError, DataNotFoundError, nearest

ALL_PROFILES = "all"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A flat table, ready for models: row i of every part is row i of the file.

    `frame` holds the feature columns (float64, nominal ones as words or None). `target` is 0 or 1
    where its positive value is declared, else the number itself. `time_order` ranks the rows in
    time (equal times, equal rank); None where time is not known, so that only a random split is
    fair. `treatment` holds words, `control` among them. `left_out` says why columns are not read.
    `weight` says how many rows of life each row stands for, 1 on average.
    """

    name: str
    place: Path
    ids: NDArray[np.str_]
    frame: pd.DataFrame
    columns: tuple[DatasetColumn, ...]
    target_name: str
    target: NDArray[np.float64]
    second_targets: Mapping[str, NDArray[np.float64]]
    profile: NDArray[np.str_]
    time_order: NDArray[np.int64] | None
    treatment: NDArray[np.str_] | None
    control: str | None
    left_out: Mapping[str, str]
    weight: NDArray[np.float64]

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each feature column, in the order of the frame."""
        return {column.name: column.kind for column in self.columns}


def read_dataset(file: Path) -> Dataset:
    """Read the dataset file and the table that it names.

    Raises:
        DataNotFoundError: the dataset file or its table does not exist.
        ContractError: a named column, the positive value or the control value is not there, a
            kind does not fit the values, or a column has no kind.
    """
    said = read_dataset_file(file)
    place = Path(said.path) if Path(said.path).is_absolute() else file.parent / said.path
    table = _read_table(place, said)
    _demand_columns(said.named, table, place=place)
    columns = _feature_columns(said, table, place=place)
    target = _target(said.target, table, place=place)
    return Dataset(
        name=file.stem,
        place=place,
        ids=_words(table[said.id]) if said.id else _row_numbers(table),
        frame=_frame(table, columns, place=place),
        columns=columns,
        target_name=said.target.column,
        target=target,
        second_targets={t.column: _target(t, table, place=place) for t in said.second_targets},
        profile=_profile(said, table, place=place),
        time_order=_time_order(said, table, place=place),
        treatment=_treatment(said, table, place=place),
        control=str(said.treatment.control) if said.treatment else None,
        left_out=dict(said.leave_out),
        weight=row_weights(said.sampling, table, target, place=place),
    )


def further_rows(file: Path, *, data: Path, like: Dataset) -> pd.DataFrame:
    """Read the feature columns of further rows, such as a table whose labels are withheld.

    `data` has the form that the dataset file `file` describes, and the columns have the kinds
    and levels that were found in `like`.

    Raises:
        DataNotFoundError: there is no table at `data`.
        ContractError: a feature column is not there, or holds words where it held numbers.
    """
    table = _read_table(data, read_dataset_file(file))
    _demand_columns(tuple(column.name for column in like.columns), table, place=data)
    return _frame(table, like.columns, place=data)


def _read_table(place: Path, said: DatasetFile) -> pd.DataFrame:
    if not place.is_file():
        raise DataNotFoundError(
            f"There is no table at '{place}'.",
            fix="`path` is read from the folder of the dataset file, or give a whole path.",
        )
    if place.suffix == ".parquet":
        return pd.read_parquet(place)
    # As text: 01101 stays a postcode, and "NA" a word unless the dataset file says otherwise.
    return pd.read_csv(
        place,
        sep=said.separator,
        dtype=str,
        keep_default_na=False,
        na_values=["", *said.missing],
        encoding="utf-8-sig",
    )


def _demand_columns(names: tuple[str, ...], table: pd.DataFrame, *, place: Path) -> None:
    there = [str(name) for name in table.columns]
    for name in names:
        if name in there:
            continue
        if len(there) == 1:
            fix = f"It has one column, '{there[0][:60]}': does `separator` fit?"
        else:
            fix = f"It has: {', '.join(there)}.{nearest(name, there)}"
        raise ContractError(f"'{place.name}' has no column '{name}'.", fix=fix)


def _feature_columns(
    said: DatasetFile, table: pd.DataFrame, *, place: Path
) -> tuple[DatasetColumn, ...]:
    columns: list[DatasetColumn] = []
    for name in table.columns:
        if name in said.reserved or name in said.leave_out:
            continue
        if name in said.kinds:
            kind = said.kinds[name]
            columns.append(declared_column(name, kind, table[name], place=place.name))
        elif said.default_kinds == "inferred":
            columns.append(inferred_column(name, table[name], place=place.name))
        else:
            raise ContractError(
                f"Column '{name}' of '{place.name}' has no kind.",
                fix='Declare it under [kinds], leave it out, or set default_kinds = "inferred".',
            )
    return tuple(columns)


def _frame(table: pd.DataFrame, columns: tuple[DatasetColumn, ...], *, place: Path) -> pd.DataFrame:
    read = {column.name: column.read(table[column.name], place=place.name) for column in columns}
    return pd.DataFrame(read).reset_index(drop=True)


def _target(said: Target, table: pd.DataFrame, *, place: Path) -> NDArray[np.float64]:
    values = table[said.column]
    _demand_filled(said.column, values, place=place)
    if said.positive is None:
        column = DatasetColumn(said.column, Kind.CONTINUOUS)
        return np.asarray(column.read(values, place=place.name), dtype=np.float64)
    return _demand_value(said.column, said.positive, values, place=place).astype(np.float64)


def _treatment(said: DatasetFile, table: pd.DataFrame, *, place: Path) -> NDArray[np.str_] | None:
    if said.treatment is None:
        return None
    values = table[said.treatment.column]
    _demand_filled(said.treatment.column, values, place=place)
    _demand_value(said.treatment.column, said.treatment.control, values, place=place)
    return _words(values)


def _demand_value(name: str, value: object, values: pd.Series, *, place: Path) -> NDArray[np.bool_]:
    words = as_words(values)
    wanted = str(value).lower() if isinstance(value, bool) else str(value)
    same = (words.str.lower() == wanted) if isinstance(value, bool) else (words == wanted)
    if isinstance(value, int | float) and is_numeric_dtype(values) and not same.any():
        same = values == value  # 1 is 1.0
    if not same.any():
        there = sorted(str(word) for word in words.dropna().unique())
        listed = ", ".join(there[:10]) + (", ..." if len(there) > 10 else "")
        raise ContractError(
            f"Column '{name}' of '{place.name}' never has the value '{wanted}'.",
            fix=f"It has: {listed}.{nearest(wanted, there)}",
        )
    return np.asarray(same, dtype=np.bool_)


def _profile(said: DatasetFile, table: pd.DataFrame, *, place: Path) -> NDArray[np.str_]:
    if said.profile is None:
        return np.full(len(table), ALL_PROFILES)
    _demand_filled(said.profile, table[said.profile], place=place)
    return _words(table[said.profile])


def _time_order(said: DatasetFile, table: pd.DataFrame, *, place: Path) -> NDArray[np.int64] | None:
    if said.order == "file":
        return np.arange(len(table), dtype=np.int64)
    if said.time is None:
        return None
    values = table[said.time]
    _demand_filled(said.time, values, place=place)
    times = pd.to_numeric(values, errors="coerce")
    if times.isna().any():
        times = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    if times.isna().any():
        first = int(np.flatnonzero(times.isna())[0])
        raise ContractError(
            f"Column '{said.time}' of '{place.name}' has '{values.iloc[first]}' "
            f"in row {first + 1}, which is no time.",
            fix="Write times as 2026-03-01T09:30:00Z, 2026-03-01 or a number that grows.",
        )
    return np.unique(times.to_numpy(), return_inverse=True)[1].astype(np.int64)


def _demand_filled(name: str, values: pd.Series, *, place: Path) -> None:
    empty = np.flatnonzero(values.isna())
    if empty.size:
        raise ContractError(
            f"Column '{name}' of '{place.name}' is empty in {empty.size} rows, "
            f"the first of them row {empty[0] + 1}.",
            fix=f"Fill '{name}', or take these rows out of the table.",
        )


def _words(values: pd.Series) -> NDArray[np.str_]:
    return np.asarray(as_words(values).fillna(""), dtype=np.str_)


def _row_numbers(table: pd.DataFrame) -> NDArray[np.str_]:
    return np.arange(1, len(table) + 1).astype(np.str_)
