"""The files on a set's limits: for the page, for what-ifs, and why one was refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from features.staging import staged_file
from routing.allocation.errors import InfeasibleLimitsError, LimitsNotMetError
from routing.allocation.kept import Kept, write_kept
from routing.allocation.limits import AgentMinutes, SharedLimit
from serving.pages.limits_report import (
    PAGE_SAMPLE,
    Exploring,
    LimitsReport,
    Refusal,
    limits_path,
    page_survey_path,
    refusal_path,
    survey_path,
)


def write_limits(
    home: Path,
    kept: Kept,
    *,
    strategy_set: str,
    model_set: str,
    formed_at: datetime,
    exploring: Exploring,
) -> None:
    """Write the report on the limits, and beside it what a what-if is asked of."""
    found = kept.allocation
    problem = found.rule.problem
    report = LimitsReport(
        strategy_set=strategy_set,
        model_set=model_set,
        formed_at=formed_at,
        horizon_days=problem.limits.horizon_days,
        customers=found.customers,
        contacts=found.contacts,
        money=found.money,
        bound=found.bound,
        proven_best=found.proven_best,
        limits=found.limits,
        mix=found.mix,
        names={offer.offer_id: offer.name for offer in problem.offers},
        nothing=dict(found.nothing),
        minutes={**problem.presentation_minutes, **problem.limits.presentation_minutes},
        exploring=exploring,
        pools=_pools(problem.limits.shared),
    )
    for path, part in (
        (survey_path(home), kept),
        (page_survey_path(home), kept.smaller(PAGE_SAMPLE)),
    ):
        with staged_file(path) as staged, staged.open("wb") as file:
            write_kept(file, part, label=strategy_set)
    with staged_file(limits_path(home)) as staged:
        staged.write_bytes(msgspec.json.encode(report))


def _pools(limits: Sequence[SharedLimit]) -> tuple[str, ...]:
    named = [one.pool for one in limits if isinstance(one, AgentMinutes) and one.pool]
    return tuple(dict.fromkeys(named))


def remove_limits(home: Path) -> None:
    """Remove the files on limits that hold no more."""
    limits_path(home).unlink(missing_ok=True)
    survey_path(home).unlink(missing_ok=True)
    page_survey_path(home).unlink(missing_ok=True)


def keep_refusal(
    home: Path, error: InfeasibleLimitsError | LimitsNotMetError, *, at: datetime
) -> None:
    """Keep why limits were refused, for the page; `at` is UTC and aware."""
    conflict = error.conflict if isinstance(error, InfeasibleLimitsError) else ()
    refusal = Refusal(error.fact, error.fix, conflict, at)
    with staged_file(refusal_path(home)) as staged:
        staged.write_bytes(msgspec.json.encode(refusal))
