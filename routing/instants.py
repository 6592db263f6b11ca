"""The instant of a contact in each form that its decision needs, written once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from routing.drawing import digits_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Instant(msgspec.Struct, frozen=True, gc=False):
    """One instant: aware and in UTC, as ISO text, as digits to the microsecond, and as a count.

    `microseconds` counts from 1970, UTC.
    """

    at: datetime
    text: str
    digits: str
    microseconds: int


class Instants:
    """Makes instants; all of one second share its beginning."""

    def __init__(self) -> None:
        self._second = _NEVER
        self._text = self._digits = ""
        self._microseconds = 0

    def __call__(self, at: datetime) -> Instant:
        """Return an instant in UTC, its text such as 2026-11-22T14:30:00.000000+00:00."""
        since = at - self._second
        if since.days or since.seconds:
            self._begin(at)
        rest = at.microsecond
        six = f"{rest:06d}"
        return Instant(
            at, f"{self._text}{six}+00:00", self._digits + six, self._microseconds + rest
        )

    def _begin(self, at: datetime) -> None:
        self._second = at.replace(microsecond=0)
        text = self._second.isoformat(timespec="microseconds")
        self._text = text[: -len("000000+00:00")]
        self._digits = digits_of(self._text)
        self._microseconds = microseconds(self._second)


def microseconds(instant: datetime) -> int:
    """Return the microseconds since 1970, UTC, of an aware instant."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(count: int) -> datetime:
    """Return the instant of so many microseconds since 1970, UTC."""
    return _EPOCH + count * _MICROSECOND
