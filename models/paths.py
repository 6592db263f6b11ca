"""What enters each linear candidate as its penalty falls: the path, in the columns' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.candidates.contract import Name
from models.candidates.linear import Linear
from models.planning import Election
from models.selection import Elected

# Columns named per step: those that have just entered, strongest first.
_NAMED = 10


def path_rows(
    names: Sequence[str],
    elected: Mapping[tuple[str, str], Elected],
    jobs: Sequence[Election],
) -> list[dict[str, Any]]:
    """Return a row per signal, profile and penalty, from the strongest penalty on.

    `columns` counts the encoded columns that have entered, `entered` names up to ten of those that
    the step before had not, `held_loss` is the mean ordering loss on the held rows, and `settled`
    marks the penalty that the candidate took.
    """
    found: list[dict[str, Any]] = []
    for job in jobs:
        linear = elected[job.signal, job.profile].standings[Name.LINEAR].candidate
        assert isinstance(linear, Linear)
        before: set[int] = set()
        for step in linear.path_:
            fresh = [column for column in step.columns if column not in before]
            found.append(
                {
                    "signal": str(job.signal),
                    "profile": job.profile,
                    "penalty": step.penalty,
                    "columns": len(step.columns),
                    "held_loss": step.loss,
                    "settled": step.settled,
                    "entered": ", ".join(names[column] for column in fresh[:_NAMED]),
                    "entered_in_all": len(fresh),
                }
            )
            before |= set(step.columns)
    return found
