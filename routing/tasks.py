"""Standing tasks: what a group of agents is there for, by the caller's stage or by the reason."""

from __future__ import annotations

from enum import StrEnum

from routing.strategy import Fallback, Route

# A first-group caller may wait this long before agents of every pool may answer.
FIRST_POOL_WAIT_SECONDS = 45


class Stage(StrEnum):
    """Where a customer stands; the same words as the data contract (a test holds them equal)."""

    PROSPECT = "prospect"
    LEAD = "lead"
    NEW_BUSINESS = "new_business"
    PURCHASER = "purchaser"


class Task(StrEnum):
    """The standing task of a group of agents; a queue is named `<task>_first` or `<task>_any`."""

    LEAD_DEVELOPMENT = "lead_development"
    SALES = "sales"
    ONBOARDING = "onboarding"
    SERVICE = "service"


TASK_OF_STAGE: dict[str, Task] = {
    Stage.PROSPECT: Task.LEAD_DEVELOPMENT,
    Stage.LEAD: Task.SALES,
    Stage.NEW_BUSINESS: Task.ONBOARDING,
    Stage.PURCHASER: Task.SERVICE,
}


def task_of(stage: str) -> Task:
    """Return the standing task that fits the stage; service for a stage we do not know."""
    return TASK_OF_STAGE.get(stage, Task.SERVICE)


def route_to(task: Task, *, group: int, skills: dict[str, int] | None = None) -> Route:
    """Return the route for value group number `group` (0 is the first) at this task.

    The first group is served first, by the first pool, and by anybody after 45 seconds.
    """
    if group > 0:
        return Route(queue=f"{task}_any", priority=group + 1, skills=skills or {})
    return Route(
        queue=f"{task}_first",
        priority=1,
        skills=skills or {},
        fallbacks=(Fallback(f"{task}_any", FIRST_POOL_WAIT_SECONDS),),
    )
