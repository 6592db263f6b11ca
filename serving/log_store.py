"""The place of a decision log: what a file or a database must be able to do for the writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from serving.errors import ServingError
from serving.log_entry import Gap, LoggedDecision, LoggedOutcome, Stored

Answer = Stored | ServingError


class Fault(Enum):
    """What an error of a store says about what to do next."""

    ENTRY = "entry"  # one entry of the group can never be written
    PLACE = "place"  # nothing can be written now: wait and try again
    DAMAGED = "damaged"  # what is there is no log any more: put it aside and begin anew


@dataclass(frozen=True, slots=True)
class Group:
    """What is written in one commit; decisions come before the outcomes that name them."""

    decisions: Sequence[LoggedDecision] = ()
    outcomes: Sequence[LoggedOutcome] = ()
    gaps: Sequence[Gap] = ()
    in_force: Mapping[str, bytes] = field(default_factory=dict)


class LogStore(Protocol):
    """Where a log lies; used by one thread, and opened with the first group."""

    @property
    def name(self) -> str:
        """What to call it in a message."""
        ...

    def write(self, group: Group) -> list[Answer]:
        """Write a group in one commit; when this returns it is on disk.

        Returns the answer to each outcome. A decision that is there already stays as it is.
        Raises whatever went wrong, and then nothing of the group is there.
        """
        ...

    def fault(self, error: Exception) -> Fault:
        """Return what an error that `write` raised says."""
        ...

    def begin_anew(self) -> str:
        """Put aside what is damaged, and return in words what became of it."""
        ...

    def close(self) -> None:
        """Let go of it; the next group opens it again."""
        ...

    def end(self, *, all_written: bool) -> None:
        """Let go of it for good; unless all was written, who comes next finds that out."""
        ...
