"""The gate as data: a small TOML file of rules, read and checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

from features.errors import nearest
from models.errors import ModelError

FILE = "gate.toml"
_DEFAULT = Path(__file__).with_name(FILE)


class GateFileError(ModelError):
    """A gate file names an unknown rule, or a value that is not allowed."""


@dataclass(frozen=True, slots=True)
class Overall:
    """No worse over all profiles; `least_gain` in AUC and log loss."""

    least_gain: float = 0.0
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Profiles:
    """In no profile worse by more than `most_loss` of AUC."""

    most_loss: float = 0.01
    fewest_of_a_class: int = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """In no profile an expected calibration error above `most_error`, chance allowed for."""

    most_error: float = 0.03


@dataclass(frozen=True, slots=True)
class Segments:
    """In no segment surely worse by more than `most_loss` of AUC."""

    most_loss: float = 0.03
    least_share: float = 0.02


@dataclass(frozen=True, slots=True)
class Chance:
    """An AUC that is surely above `least_auc`."""

    least_auc: float = 0.5


@dataclass(frozen=True, slots=True)
class Leak:
    """Not too good to be true: by one column alone, or in one step."""

    most_of_one_column: float = 0.85
    most_jump: float = 0.10


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the last judged contact, and the training, may be; in days."""

    contacts_before_as_of: float = 75.0
    as_of_before_now: float = 400.0


@dataclass(frozen=True, slots=True)
class Signature:
    """Whether the registered model must say its inputs and outputs."""

    required: bool = True


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Every rule with its figures; None where the file leaves the rule out."""

    overall: Overall | None = field(default_factory=Overall)
    profiles: Profiles | None = field(default_factory=Profiles)
    calibration: Calibration | None = field(default_factory=Calibration)
    segments: Segments | None = field(default_factory=Segments)
    chance: Chance | None = field(default_factory=Chance)
    leak: Leak | None = field(default_factory=Leak)
    freshness: Freshness | None = field(default_factory=Freshness)
    signature: Signature | None = field(default_factory=Signature)


_RULES: dict[str, type[Any]] = {
    "overall": Overall,
    "profiles": Profiles,
    "calibration": Calibration,
    "segments": Segments,
    "chance": Chance,
    "leak": Leak,
    "freshness": Freshness,
    "signature": Signature,
}


def gate_of(home: Path, *, given: Path | None = None) -> GateSettings:
    """Return the gate in `given`, else in HOME/gate.toml, else the product's own.

    Raises GateFileError.
    """
    own = home / FILE
    return read_gate(given or (own if own.is_file() else _DEFAULT))


def read_gate(path: Path) -> GateSettings:
    """Return the rules of a gate file; a table that it leaves out is no rule.

    Raises GateFileError when it is not there, is no TOML, or names what does not exist.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise GateFileError(
            f"There is no gate file {path}.", fix=f"Copy {_DEFAULT} there and change it."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise GateFileError(f"{path} is no TOML: {problem}.", fix="Mend that line.") from None
    for name in said:
        if name not in _RULES:
            raise GateFileError(
                f"{path} has an unknown rule [{name}].",
                fix=f"The rules are {', '.join(_RULES)}.{nearest(name, _RULES)}",
            )
    return GateSettings(
        **{
            name: _rule(kind, said[name], table=f"[{name}] of {path}") if name in said else None
            for name, kind in _RULES.items()
        }
    )


def _rule(kind: type[Any], said: Any, *, table: str) -> Any:
    if not isinstance(said, dict):
        raise GateFileError(f"{table} is no table.", fix="Write its keys below its name.")
    types = get_type_hints(kind)
    allowed = [each.name for each in fields(kind)]
    for key, value in said.items():
        if key not in types:
            raise GateFileError(
                f"{table} has an unknown key '{key}'.",
                fix=f"Its keys are {', '.join(allowed)}.{nearest(key, allowed)}",
            )
        if not _fits(value, types[key]):
            raise GateFileError(
                f"{table} has {key} = {value!r}.",
                fix="Write true or false." if types[key] is bool else "Write a finite number.",
            )
    return kind(**said)


def _fits(value: Any, kind: type[Any]) -> bool:
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and value >= 0
    return isinstance(value, int | float) and abs(value) < float("inf")
