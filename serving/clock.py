"""The time now: the one place of this package that reads the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return now, in UTC and aware."""
    return datetime.now(UTC)


class InstantTexts:
    """Writes instants as ISO text with microseconds; all of one second share its beginning."""

    def __init__(self) -> None:
        self._second: int | None = None
        self._beginning = ""

    def __call__(self, instant: datetime) -> str:
        """Return the text of an instant in UTC, such as 2026-11-22T14:30:00.000000+00:00."""
        second = int(instant.timestamp() // 1)
        if second != self._second:
            self._beginning, self._second = instant.isoformat(timespec="seconds")[:-6], second
        return f"{self._beginning}.{instant.microsecond:06d}+00:00"
