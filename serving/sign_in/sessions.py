"""Who has signed in, by a signed cookie: until too long unused, too old, or signed out."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from serving.key_file import Key, Role
from serving.sign_in.cookies import Cookie

# So seldom is the cookie given anew while somebody reads pages.
_RENEW_SECONDS = 60
# And old notes are looked for: all are looked at, while contacts wait.
_TIDY_SECONDS = 60


class Session(msgspec.Struct, frozen=True):
    """One sign-in: who, as what, when it began, and when it was last used (Unix seconds)."""

    id: str
    name: str
    role: Role
    began: int
    used: int


class Ended:
    """What must not be used again, by its id: an empty file each, which all workers see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tidied_at = float("-inf")

    def end(self, name: str, *, now: float, keep_seconds: int) -> bool:
        """Note that it has ended; return whether it had not before. Old notes are removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if abs(now - self._tidied_at) >= _TIDY_SECONDS:
            self._tidied_at = now
            self._remove_before(now - keep_seconds)
        try:
            (self._folder / name).touch(exist_ok=False)
            os.utime(self._folder / name, (now, now))
        except FileExistsError:
            return False
        return True

    def _remove_before(self, oldest: float) -> None:
        for note in self._folder.iterdir():
            with suppress(FileNotFoundError):  # another worker was first
                if note.stat().st_mtime < oldest:
                    note.unlink()

    def __contains__(self, name: str) -> bool:
        return (self._folder / name).exists()


class Sessions:
    """Begins sessions, recognises them and ends them; times are seconds."""

    def __init__(
        self,
        cookie: Cookie,
        ended: Ended,
        *,
        idle_seconds: int,
        longest_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cookie = cookie
        self._ended = ended
        self._idle = idle_seconds
        self._longest = longest_seconds
        self._clock = clock

    def begin(self, name: str, role: Role) -> str:
        """Begin a session; return the Set-Cookie header that carries it."""
        now = int(self._clock())
        return self._set(Session(secrets.token_hex(16), name, role, now, now))

    def find(self, headers: Mapping[str, str]) -> Session | None:
        """Return the session of a request, if it is still good."""
        session = self._cookie.read(headers, Session)
        now = self._clock()
        if (
            session is None
            or now >= session.used + self._idle
            or now >= session.began + self._longest
            or session.id in self._ended
        ):
            return None
        return session

    def admit(self, headers: Mapping[str, str]) -> tuple[Key, str | None] | None:
        """Return who has signed in, and the Set-Cookie header by which the session lives on."""
        session = self.find(headers)
        if session is None:
            return None
        now = int(self._clock())
        renewed = None
        if now >= session.used + _RENEW_SECONDS:
            renewed = self._set(msgspec.structs.replace(session, used=now))
        return Key(session.name, session.role), renewed

    def end(self, headers: Mapping[str, str]) -> str:
        """End the session of a request everywhere; return the header that takes its cookie."""
        session = self._cookie.read(headers, Session)
        if session is not None:
            self._ended.end(session.id, now=self._clock(), keep_seconds=self._longest)
        return self._cookie.gone()

    def _set(self, session: Session) -> str:
        left = session.began + self._longest - session.used
        return self._cookie.holding(session, seconds=min(self._idle, left))
