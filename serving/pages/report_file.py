"""A report of the pipeline, as the pages read it: one file, read again only when replaced."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from features.errors import FeatureError


@dataclass(frozen=True, slots=True)
class About:
    """What a report is called, and what to say while there is none.

    `subject` goes on "The report on"; `command` makes the file; `title` and `lead` are the words
    of the page before that.
    """

    subject: str
    command: str
    title: str
    lead: str


class ReportMissingError(FeatureError):
    """No report of that kind has been written into this workspace yet."""

    status = 404

    def __init__(self, about: About) -> None:
        fact = f"No report on {about.subject} has been made yet."
        super().__init__(fact, fix=f"Run `{about.command}`.")
        self.about = about


class ReportDamagedError(FeatureError):
    """The report file is there and cannot be read."""

    status = 503

    def __init__(self, fact: str, *, about: About, path: Path) -> None:
        super().__init__(fact, fix=f"Run `{about.command}` again.")
        self.file = f"{path.parent.name}/{path.name}"


class Report(Protocol):
    """What every report file says of itself."""

    @property
    def format(self) -> str:
        """The form that the file was written in."""
        ...


R = TypeVar("R", bound=Report)


class ReportFile(Generic[R]):
    """The latest report of one kind in a workspace."""

    def __init__(self, path: Path, kind: type[R], *, form: str, about: About) -> None:
        self.path = path
        self.about = about
        self._kind = kind
        self._form = form
        self._seen: tuple[int, int, int] | None = None
        self._report: R | None = None

    def latest(self) -> R:
        """Return the report.

        Raises:
            ReportMissingError: none has been written.
            ReportDamagedError: the file is not a report of this form.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise ReportMissingError(self.about) from error
        seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        if self._report is None or seen != self._seen:
            self._report, self._seen = self._read(), seen
        return self._report

    def _read(self) -> R:
        subject = f"The report on {self.about.subject}"
        try:
            report = msgspec.json.decode(self.path.read_bytes(), type=self._kind)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            fact = f"{subject} cannot be read."
            raise ReportDamagedError(fact, about=self.about, path=self.path) from error
        if report.format != self._form:
            fact = f"{subject} has the form '{report.format}', not '{self._form}'."
            raise ReportDamagedError(fact, about=self.about, path=self.path)
        return report
