"""The limits as data: a small TOML file, read and checked against the offers there are."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from routing.allocation.batch import WEEKDAYS
from routing.allocation.errors import LimitsFileError, nearest
from routing.allocation.limits import (
    AgentMinutes,
    Budget,
    ContactCap,
    Counts,
    Limits,
    MinimumShare,
    OfferStock,
    OwnLimit,
    RestDays,
    SharedLimit,
)
from routing.allocation.problem import LARGEST

FILE = "limits.toml"


@dataclass(frozen=True, slots=True)
class Known:
    """What a limits file may name."""

    offers: Sequence[str]
    licences: Sequence[str]
    pools: Sequence[str]
    partners: Sequence[str]


def limits_of(home: Path, *, known: Known) -> Limits:
    """Return the limits in HOME/limits.toml, none but one offer per contact where it is not there.

    Raises LimitsFileError.
    """
    path = home / FILE
    return read_limits(path, known=known) if path.is_file() else Limits()


def read_limits(path: Path, *, known: Known) -> Limits:
    """Return the limits of a file.

    Raises LimitsFileError when it is not there, is no TOML, names what does not exist, says a
    number that is not allowed, or says one limit twice.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LimitsFileError(
            f"There is no limits file {path}.", fix="Write one: docs/allocation.md has the keys."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise LimitsFileError(f"{path} is no TOML: {problem}.", fix="Mend that line.") from None
    reader = _Reader(str(path), known)
    for key in said:
        reader.name(key, (*_SETTINGS, *_KINDS), what="key")
    limits = [
        build(reader, table)
        for kind, build in _KINDS.items()
        for table in reader.tables(said.get(kind, []), kind)
    ]
    shared = tuple(each for each in limits if not isinstance(each, ContactCap | RestDays))
    _require_different(shared, where=str(path))
    top = _Table(said, str(path))
    return Limits(
        offers_per_contact=reader.whole(top, "offers_per_contact", least=1, default=1),
        horizon_days=reader.number(top, "horizon_days", most=366.0, default=7.0),
        shared=shared,
        own=tuple(each for each in limits if isinstance(each, ContactCap | RestDays)),
        presentation_minutes=_minutes(reader, said.get("presentation_minutes", {})),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file, and what to call it in an error."""

    said: Mapping[str, Any]
    where: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values and says what is wrong with them."""

    path: str
    known: Known

    def name(self, name: Any, allowed: Sequence[str], *, what: str, where: str = "") -> str:
        if not isinstance(name, str) or name not in allowed:
            raise LimitsFileError(
                f"{where or self.path} has an unknown {what} {name!r}.",
                fix=f"There are: {', '.join(allowed) or 'none'}.{nearest(str(name), allowed)}",
            )
        return name

    def tables(self, said: Any, kind: str) -> list[_Table]:
        if not isinstance(said, list) or not all(isinstance(each, dict) for each in said):
            raise LimitsFileError(
                f"{self.path} has a '{kind}' that is no list of tables.", fix=f"Write [[{kind}]]."
            )
        return [
            _Table(each, f"[[{kind}]] number {place} of {self.path}")
            for place, each in enumerate(said, start=1)
        ]

    def keys(self, table: _Table, *allowed: str) -> None:
        for key in table.said:
            self.name(key, allowed, what="key", where=table.where)

    def number(
        self, table: _Table, key: str, *, most: float = LARGEST, default: float | None = None
    ) -> float:
        found = table.said.get(key, default)
        if found is None:
            raise LimitsFileError(f"{table.where} lacks '{key}'.", fix=f"Write {key} = ... there.")
        fits = isinstance(found, int | float) and not isinstance(found, bool)
        if not fits or not math.isfinite(found) or not 0.0 <= found <= most:
            raise LimitsFileError(
                f"{table.where} has {key} = {found!r}.",
                fix=f"Write a number from 0 to {most:,.0f}.",
            )
        return float(found)

    def whole(self, table: _Table, key: str, *, least: int, default: int) -> int:
        found = table.said.get(key, default)
        if not isinstance(found, int) or isinstance(found, bool) or found < least:
            raise LimitsFileError(
                f"{table.where} has {key} = {found!r}.",
                fix=f"Write a whole number of at least {least}.",
            )
        return found

    def optional(self, table: _Table, key: str, allowed: Sequence[str]) -> str:
        if key not in table.said:
            return ""
        return self.name(table.said[key], allowed, what=key, where=table.where)

    def offers(self, table: _Table) -> tuple[str, ...]:
        said = table.said.get("offers", [])
        if not isinstance(said, list):
            raise LimitsFileError(f"{table.where} has offers that are no list.", fix="Write [...].")
        return tuple(
            self.name(each, self.known.offers, what="offer", where=table.where) for each in said
        )


def _agent_minutes(reader: _Reader, table: _Table) -> SharedLimit:
    reader.keys(table, "at_most", "pool", "licence", "weekday")
    return AgentMinutes(
        at_most=reader.number(table, "at_most"),
        pool=reader.optional(table, "pool", reader.known.pools),
        licence=reader.optional(table, "licence", reader.known.licences),
        weekday=reader.optional(table, "weekday", WEEKDAYS),
    )


def _stock(reader: _Reader, table: _Table) -> SharedLimit:
    reader.keys(table, "at_most", "offer", "counts")
    counts = reader.optional(table, "counts", tuple(Counts)) or Counts.ACCEPTANCES
    return OfferStock(
        at_most=reader.number(table, "at_most"),
        offer=reader.name(
            table.said.get("offer"), reader.known.offers, what="offer", where=table.where
        ),
        counts=Counts(counts),
    )


def _budget(reader: _Reader, table: _Table) -> SharedLimit:
    reader.keys(table, "at_most", "offers")
    return Budget(at_most=reader.number(table, "at_most"), offers=reader.offers(table))


def _share(reader: _Reader, table: _Table) -> SharedLimit:
    reader.keys(table, "at_least", "offers", "partner")
    return MinimumShare(
        at_least=reader.number(table, "at_least", most=1.0),
        offers=reader.offers(table),
        partner=reader.optional(table, "partner", reader.known.partners),
    )


def _cap(reader: _Reader, table: _Table) -> OwnLimit:
    reader.keys(table, "at_most")
    return ContactCap(at_most=reader.number(table, "at_most"))


def _rest(reader: _Reader, table: _Table) -> OwnLimit:
    reader.keys(table, "days", "offers")
    return RestDays(days=reader.number(table, "days"), offers=reader.offers(table))


_KINDS: dict[str, Callable[[_Reader, _Table], SharedLimit | OwnLimit]] = {
    "minutes": _agent_minutes,
    "stock": _stock,
    "budget": _budget,
    "share": _share,
    "cap": _cap,
    "rest": _rest,
}
_SETTINGS = ("offers_per_contact", "horizon_days", "presentation_minutes")


def _minutes(reader: _Reader, said: Any) -> dict[str, float]:
    where = f"[presentation_minutes] of {reader.path}"
    if not isinstance(said, dict):
        raise LimitsFileError(f"{where} is no table.", fix="Write its keys below its name.")
    table = _Table(said, where)
    reader.keys(table, *reader.known.offers)
    return {key: reader.number(table, key) for key in said}


def _require_different(limits: Sequence[SharedLimit], *, where: str) -> None:
    names = [limit.name for limit in limits]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise LimitsFileError(f"{where} says '{twice[0]}' twice.", fix="Leave one of them out.")
