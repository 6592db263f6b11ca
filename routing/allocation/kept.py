"""An allocation and its survey as one file, so that a what-if can be asked without the customers.

The file is an archive of numpy arrays, without pickles: the sample's columns, the prices, the
exceptions, and all that is no array as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from routing.allocation.batch_file import ArrayOf, arrays_of, batch_from
from routing.allocation.errors import SurveyFileError
from routing.allocation.limits import (
    AgentMinutes,
    Budget,
    ContactCap,
    Limits,
    MinimumShare,
    OfferStock,
    RestDays,
)
from routing.allocation.problem import Problem
from routing.allocation.result import Allocation, LimitUse, OfferMix
from routing.allocation.rule import Nothing, Rule
from routing.allocation.survey import Survey
from routing.offers import Offer

FORMAT = "callworth-limits-survey-1"
_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (AgentMinutes, OfferStock, Budget, MinimumShare, ContactCap, RestDays)
}
_SAMPLE = "sample_"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a what-if needs: the allocation in force, and the survey that it was made from."""

    survey: Survey
    allocation: Allocation

    def smaller(self, size: int) -> Kept:
        """Return it with a sample of at most so many customers; the first are a sample too."""
        survey = self.survey
        if len(survey.sample) <= size:
            return self
        rows = np.arange(size)
        return Kept(
            Survey(survey.customers, survey.contacts, survey.sample.take(rows)), self.allocation
        )


class _Limit(msgspec.Struct, frozen=True):
    """One limit, by its kind."""

    kind: str
    says: dict[str, Any]


class _Header(msgspec.Struct, frozen=True):
    """All of an allocation and its survey that is no array."""

    format: str
    label: str
    offers: tuple[Offer, ...]
    offers_per_contact: int
    horizon_days: float
    shared: tuple[_Limit, ...]
    own: tuple[_Limit, ...]
    presentation_minutes: dict[str, float]
    spread: float
    money: float
    bound: float
    uses: tuple[LimitUse, ...]
    mix: tuple[OfferMix, ...]
    nothing: dict[Nothing, int]
    customers: int
    contacts: float
    proven_best: bool
    passes: int


def write_kept(target: BinaryIO, kept: Kept, *, label: str) -> None:
    """Write the file; `label` is that of the strategy set."""
    rule = kept.allocation.rule
    header = np.frombuffer(msgspec.json.encode(_header(kept, label)), dtype=np.uint8)
    sample = {f"{_SAMPLE}{name}": found for name, found in arrays_of(kept.survey.sample).items()}
    np.savez(
        target,
        header=header,
        prices=rule.prices,
        exceptions=rule.exceptions,
        exceptional=rule.exceptional,
        **sample,  # type: ignore[arg-type]  # the stubs take the names for an option
    )


def read_kept(path: Path) -> tuple[str, Kept]:
    """Return the label of the strategy set and what is kept of its allocation.

    Raises SurveyFileError when the file is not there or is none of this form.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            arrays: dict[str, ArrayOf] = {name: found[name] for name in found.files}
        header = msgspec.json.decode(arrays["header"].tobytes(), type=_Header)
        if header.format != FORMAT:
            raise ValueError(f"its form is '{header.format}', not '{FORMAT}'")
        return header.label, _kept(header, arrays)
    except FileNotFoundError:
        raise SurveyFileError(
            "No strategies have been formed under limits yet.",
            fix="Write HOME/limits.toml, then run `callworth strategies form`.",
        ) from None
    except Exception as problem:  # an archive breaks in many ways: zipfile, zlib, numpy, msgspec
        raise SurveyFileError(
            f"{path.name}, the customers that a what-if is asked of, cannot be read: {problem}.",
            fix="Run `callworth strategies form` again.",
        ) from problem


def _header(kept: Kept, label: str) -> _Header:
    allocation = kept.allocation
    problem = allocation.rule.problem
    limits = problem.limits
    return _Header(
        format=FORMAT,
        label=label,
        offers=problem.offers,
        offers_per_contact=limits.offers_per_contact,
        horizon_days=limits.horizon_days,
        shared=tuple(_said(each) for each in limits.shared),
        own=tuple(_said(each) for each in limits.own),
        presentation_minutes={**problem.presentation_minutes, **limits.presentation_minutes},
        spread=allocation.rule.spread,
        money=allocation.money,
        bound=allocation.bound,
        uses=allocation.limits,
        mix=allocation.mix,
        nothing=dict(allocation.nothing),
        customers=kept.survey.customers,
        contacts=kept.survey.contacts,
        proven_best=allocation.proven_best,
        passes=allocation.passes,
    )


def _said(limit: Any) -> _Limit:
    return _Limit(type(limit).__name__, msgspec.to_builtins(limit))


def _limit(said: _Limit) -> Any:
    return msgspec.convert(said.says, type=_KINDS[said.kind])


def _kept(header: _Header, arrays: dict[str, ArrayOf]) -> Kept:
    sample = batch_from(
        {
            name.removeprefix(_SAMPLE): found
            for name, found in arrays.items()
            if name.startswith(_SAMPLE)
        }
    )
    limits = Limits(
        offers_per_contact=header.offers_per_contact,
        horizon_days=header.horizon_days,
        shared=tuple(_limit(each) for each in header.shared),
        own=tuple(_limit(each) for each in header.own),
        presentation_minutes=header.presentation_minutes,
    )
    problem = Problem(header.offers, limits, header.presentation_minutes)
    exceptions, exceptional = arrays["exceptions"], arrays["exceptional"]
    allocation = Allocation(
        rule=Rule(problem, arrays["prices"], header.spread, exceptions, exceptional),
        money=header.money,
        bound=header.bound,
        limits=header.uses,
        mix=header.mix,
        nothing=header.nothing,
        customers=header.customers,
        contacts=header.contacts,
        exceptions=len(exceptions),
        proven_best=header.proven_best,
        passes=header.passes,
    )
    return Kept(Survey(header.customers, header.contacts, sample), allocation)
