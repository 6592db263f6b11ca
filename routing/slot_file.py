"""The plan in force: one file in the home, read again when it was replaced."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from routing.errors import SlotPlanError
from routing.slot_drawing import check_plan
from routing.slots import SlotPlan

PLAN_FILE = "experiment.json"
CHECK_SECONDS = 1.0  # how often the file is looked at


def read_plan(file: Path) -> SlotPlan | None:
    """Return the plan of a file, None where there is none; SlotPlanError where it is damaged."""
    try:
        plan = msgspec.json.decode(file.read_bytes(), type=SlotPlan)
    except FileNotFoundError:
        return None
    except (OSError, RecursionError, ValueError, msgspec.MsgspecError) as error:
        raise SlotPlanError(
            f"{file} cannot be read: {error}.",
            fix="Restore it from HOME/experiments, where every plan is kept.",
        ) from error
    check_plan(plan)
    return plan


class PlanReader:
    """Gives the plan in force; a file that breaks or vanishes changes nothing and is told.

    Ending an experiment is a word in the file, never its absence: a slip of the pen must not
    switch the offers of half the contacts.
    """

    def __init__(
        self,
        file: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._file = file
        self._clock = clock
        self._check_seconds = check_seconds
        self._next_check = float("-inf")
        self._seen: tuple[int, int, int] | None = None
        self._plan: SlotPlan | None = None
        self.trouble: str | None = None

    def current(self) -> SlotPlan | None:
        """Return the plan, or None where there never was one; never raises."""
        now = self._clock()
        if now >= self._next_check:
            self._next_check = now + self._check_seconds
            try:
                self._follow()
            except Exception as error:  # whatever lies there, the plan read before stands
                self._seen = None
                self.trouble = f"{getattr(error, 'fact', error)} {self._stands()}"
        return self._plan

    def _follow(self) -> None:
        try:
            state = self._file.stat()
        except FileNotFoundError:
            gone = f"{self._file} is gone. {self._stands()}"
            self.trouble = gone if self._plan is not None else None
            return
        signature = (state.st_mtime_ns, state.st_ino, state.st_size)
        if signature != self._seen:
            self._plan, self._seen = read_plan(self._file) or self._plan, signature
        self.trouble = None

    def _stands(self) -> str:
        if self._plan is None:
            return "No experiment runs."
        return f"The plan read before ({self._plan.label}) stays in force."
