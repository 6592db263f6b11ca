"""Planning an experiment in a workspace, ending it, and finding the plan again."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from features.errors import FeatureError
from features.staging import staged_file
from routing.slot_file import PLAN_FILE, read_plan
from routing.slots import SlotPlan

_KEPT = "experiments"


class PlanMissingError(FeatureError):
    """No experiment was planned in this workspace."""

    status = 404


class PlanOverlapsError(FeatureError):
    """Another experiment has not ended, or the one given began in the past."""

    status = 422


def plan_file(home: Path) -> Path:
    """Return where the plan in force lies."""
    return home / PLAN_FILE


def kept_plans(home: Path) -> tuple[Path, ...]:
    """Return the files of all plans that ever were in force, the oldest first."""
    return tuple(sorted((home / _KEPT).glob("*.json")))


def put_in_force(home: Path, plan: SlotPlan, *, now: datetime) -> Path:
    """Write the plan in one step, where the server finds it within a second; return its file.

    Raises PlanOverlapsError where another has not ended, or this one would begin in the past.
    """
    before = read_plan(plan_file(home))
    if before is not None and not before.over(now):
        raise PlanOverlapsError(
            f"Experiment {before.label} runs until {before.ends:%Y-%m-%d %H:%M} UTC.",
            fix="Wait until then, or end it: callworth experiment stop --why 'REASON'.",
        )
    if plan.begins < now:
        raise PlanOverlapsError(
            f"The plan would have begun at {plan.begins:%Y-%m-%d %H:%M} UTC, which is past.",
            fix="Name a later day with --start: contacts already answered had no plan.",
        )
    return _write(home, plan)


def end(home: Path, *, why: str, now: datetime) -> SlotPlan:
    """End the experiment in force, its hold-back too; return the plan as it now stands."""
    plan = the_plan(home)
    if plan.ended_at is not None:
        raise PlanMissingError(
            f"Experiment {plan.label} was ended at {plan.ended_at:%Y-%m-%d %H:%M} UTC already.",
            fix="Plan another: callworth experiment plan.",
        )
    ended = msgspec.structs.replace(plan, ended_at=now, ended_why=why)
    _write(home, ended)
    return ended


def the_plan(home: Path, *, file: Path | None = None) -> SlotPlan:
    """Return the plan in force, or that of a file; PlanMissingError where there is none."""
    plan = read_plan(file or plan_file(home))
    if plan is None:
        raise PlanMissingError(
            f"There is no plan at '{file or plan_file(home)}'.",
            fix="Make one: callworth experiment plan --start YYYY-MM-DD --why 'REASON'.",
        )
    return plan


def _write(home: Path, plan: SlotPlan) -> Path:
    text = msgspec.json.format(msgspec.json.encode(plan)) + b"\n"
    name = f"{plan.label}-{plan.made_at:%Y%m%dT%H%M%S}.json"
    for target in (home / _KEPT / name, plan_file(home)):
        with staged_file(target) as staged:
            staged.write_bytes(text)
    return plan_file(home)
