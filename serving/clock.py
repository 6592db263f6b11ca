"""The time now: the one place of this package that reads the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return now, in UTC and aware."""
    return datetime.now(UTC)
