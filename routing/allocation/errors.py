"""The expected failures of allocation: a limits file, a batch, or limits that nobody can meet."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from routing.errors import RoutingError


class LimitsFileError(RoutingError):
    """A limits file names what does not exist, or a number that is not allowed."""


class BatchError(RoutingError):
    """A batch of customers does not have the declared form."""


class SurveyFileError(RoutingError):
    """The kept allocation that a what-if is asked of is not there, or cannot be read."""


class InfeasibleLimitsError(RoutingError):
    """No choice meets the limits; `conflict` names limits that together cannot be met.

    Without any one of them the others can be met.
    """

    def __init__(self, fact: str, *, fix: str, conflict: tuple[str, ...]) -> None:
        super().__init__(fact, fix=fix)
        self.conflict = conflict


class LimitsNotMetError(RoutingError):
    """The limits may be feasible, but no choice that meets all of them was found."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return ` Was 'x' meant?` for the closest allowed name, or an empty string."""
    found = difflib.get_close_matches(name, list(allowed), n=1)
    return f" Was '{found[0]}' meant?" if found else ""
