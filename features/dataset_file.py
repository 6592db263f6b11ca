"""The dataset file: what one flat table holds, written as TOML by its owner."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from features.contract import Kind
from features.errors import ContractError, DataNotFoundError, nearest

Value = str | int | float | bool


class Ordered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An ordinal column of words, lowest first: `{ ordinal = ["low", "high"] }`."""

    ordinal: tuple[str, ...]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column to predict; with `positive` it is 1 where the column has that value, else 0."""

    column: str
    positive: Value | None = None


class Treatment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The column that says what was done to a row, and its value for nothing."""

    column: str
    control: Value


class Sampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the rows were drawn: the share of positives in life, or a column of weights."""

    positive_share: float | None = None
    weight: str | None = None


class DatasetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The keys of a dataset file; every column that is named exists once the table is read.

    `path` is relative to the dataset file. `order = "file"` says that rows lie in time order.
    """

    path: str
    target: Target
    separator: str = ","
    missing: tuple[str, ...] = ()
    id: str | None = None
    time: str | None = None
    order: Literal["file"] | None = None
    profile: str | None = None
    treatment: Treatment | None = None
    second_targets: tuple[Target, ...] = ()
    sampling: Sampling | None = None
    default_kinds: Literal["inferred"] | None = None
    kinds: dict[str, Kind | Ordered] = {}
    leave_out: dict[str, str] = {}

    @property
    def outcomes(self) -> tuple[Target, ...]:
        """The target and the second targets."""
        return (self.target, *self.second_targets)

    @property
    def reserved(self) -> tuple[str, ...]:
        """The columns that are named and that no model may read as a feature."""
        weight = self.sampling.weight if self.sampling else None
        one = (self.id, self.time, self.treatment.column if self.treatment else None, weight)
        outcomes = (outcome.column for outcome in self.outcomes)
        return (*(name for name in one if name is not None), *outcomes)

    @property
    def named(self) -> tuple[str, ...]:
        """Every column that the file names, in its own order."""
        profile = () if self.profile is None else (self.profile,)
        return (*self.reserved, *profile, *self.kinds, *self.leave_out)


def read_dataset_file(file: Path) -> DatasetFile:
    """Return what the dataset file says.

    Raises:
        DataNotFoundError: there is no such file.
        ContractError: it is not TOML, has an unknown key or a value of a wrong form.
    """
    if not file.is_file():
        raise DataNotFoundError(
            f"There is no dataset file '{file}'.",
            fix="See docs/flat_table.md for how to write one.",
        )
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(
            f"'{file}' is not TOML: {error}.", fix="Compare it with docs/examples/*.toml."
        ) from error
    _demand_known_keys(said, file=file)
    _demand_known_kinds(said.get("kinds"), file=file)
    try:
        return msgspec.convert(said, DatasetFile)
    except msgspec.ValidationError as error:
        raise ContractError(
            f"'{file}' does not have the form of a dataset file: {error}.",
            fix="See docs/flat_table.md for each key.",
        ) from error


def _demand_known_keys(said: Mapping[str, object], *, file: Path) -> None:
    keys = DatasetFile.__struct_fields__
    for key in said:
        if key not in keys:
            raise ContractError(
                f"'{file}' has the key '{key}', which no dataset file has.",
                fix=f"The keys are: {', '.join(sorted(keys))}.{nearest(key, keys)}",
            )
    if "time" in said and "order" in said:
        raise ContractError(
            f"'{file}' has both 'time' and 'order'.",
            fix="Name the time column, or say that rows lie in time order: not both.",
        )


def _demand_known_kinds(kinds: object, *, file: Path) -> None:
    for column, kind in kinds.items() if isinstance(kinds, dict) else ():
        if isinstance(kind, str) and kind not in set(Kind):
            raise ContractError(
                f"'{file}' gives '{column}' the kind '{kind}'.",
                fix=f"The kinds are: {', '.join(Kind)}.{nearest(kind, Kind)}",
            )
