"""What another limit, margin or pool would do, asked on the page and answered in a thread.

Answers come from a smaller sample than at the command line, in a thread of their own: one at a
time, so that however many ask, contacts are decided meanwhile
(docs/decisions/115-the-page-asks-a-smaller-sample.md).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import msgspec

from routing.allocation.change import Change, LimitChange, MarginChange, PoolChange
from routing.allocation.kept import Kept, read_kept
from routing.allocation.what_if import WhatIf, what_if
from serving.errors import ServingError
from serving.pages.limits_report import page_survey_path

PRECISION = 1e-5  # of the worth of all pairs: far less than what the sample leaves open
_KEPT_ANSWERS = 64


class WhatIfError(ServingError):
    """A change that the form cannot mean."""


class Asked(msgspec.Struct, frozen=True):
    """What stands in the form, as text; an empty text asks for no change."""

    limit: str = ""
    to: str = ""
    offer: str = ""
    margin: str = ""
    pool: str = ""
    times: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Asked:
        """Return what an address asks."""
        return cls(**{name: query.get(name, "").strip() for name in cls.__struct_fields__})

    @property
    def anything(self) -> bool:
        """Whether there is a number to try."""
        return bool(self.to or self.margin or self.times)

    def changes(self) -> tuple[Change, ...]:
        """Return the changes; WhatIfError where a number has no name, or is none."""
        found: list[Change] = []
        if self.to:
            _named(self.limit, "limit")
            found.append(LimitChange(self.limit, _number(self.to, "amount")))
        if self.margin:
            _named(self.offer, "offer")
            found.append(MarginChange(self.offer, _number(self.margin, "change of the margin")))
        if self.times:
            _named(self.pool, "pool")
            found.append(PoolChange(self.pool, _number(self.times, "factor")))
        return tuple(found)


def _named(name: str, what: str) -> None:
    if not name:
        raise WhatIfError(f"A number is given, and no {what}.", fix=f"Choose the {what} it is for.")


def _number(text: str, what: str) -> float:
    try:
        number = float(text.replace(",", "").replace("\u2212", "-"))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise WhatIfError(f"The {what} '{text[:40]}' is no number.", fix="Write one, such as 120.")
    return number


class WhatIfs:
    """Answers what-ifs on the allocation kept in a workspace, read again when it is replaced."""

    def __init__(self, home: Path) -> None:
        self._path = page_survey_path(home)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="what-if")
        self._read = lru_cache(maxsize=1)(self._read_file)
        self._answer = lru_cache(maxsize=_KEPT_ANSWERS)(self._work_out)

    async def answer(self, asked: Asked) -> WhatIf:
        """Return what the changes would do.

        Raises WhatIfError, LimitsFileError, InfeasibleLimitsError, SurveyFileError, BatchError.
        """
        changes = asked.changes()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._asked, changes)

    def _asked(self, changes: tuple[Change, ...]) -> WhatIf:
        return self._answer(self._stamp(), changes)

    def _work_out(self, stamp: tuple[int, int], changes: tuple[Change, ...]) -> WhatIf:
        kept = self._read(stamp)
        return what_if(kept.survey, before=kept.allocation, changes=changes, precision=PRECISION)

    def _read_file(self, _stamp: tuple[int, int]) -> Kept:
        return read_kept(self._path)[1]

    def _stamp(self) -> tuple[int, int]:
        """Return what tells one file from another; reading says what is wrong with none."""
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0)
        return status.st_mtime_ns, status.st_ino
