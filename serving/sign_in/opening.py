"""Opening the sign-in, where HOME/sign_in.toml asks for it; else nothing of it is imported."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from serving.shared_secret import shared_secret
from serving.sign_in.cookies import Cookie
from serving.sign_in.errors import SignInFileError
from serving.sign_in.sessions import Ended, Sessions
from serving.sign_in.settings_file import SignInSettings, read_sign_in

if TYPE_CHECKING:
    from fastapi import APIRouter

    from serving.pages.frame import Frame


@dataclass(frozen=True, slots=True)
class SignInParts:
    """What recognises people who have signed in, and what signs them in."""

    settings: SignInSettings
    folder: Path
    sessions: Sessions
    clock: Callable[[], float] = time.time

    def router(self, frame: Frame) -> APIRouter:
        """Return the routes of the sign-in."""
        from serving.sign_in.provider import Provider
        from serving.sign_in.routes import SignIn, build_sign_in

        cookie = Cookie(
            "callworth-sign-in",
            secret=shared_secret(self.folder / ".secret"),
            secure=self.settings.secure,
        )
        sign_in = SignIn(
            self.settings,
            provider=Provider(self.settings, clock=self.clock),
            cookie=cookie,
            sessions=self.sessions,
            used=Ended(self.folder / "used"),
            clock=self.clock,
        )
        return build_sign_in(sign_in, frame)


def open_sign_in(home: Path, *, clock: Callable[[], float] = time.time) -> SignInParts | None:
    """Return the sign-in of a workspace, or None where it has none; raise SignInFileError."""
    settings = read_sign_in(home)
    if settings is None:
        return None
    for package in ("authlib", "joserfc", "httpx"):
        if importlib.util.find_spec(package) is None:
            raise SignInFileError(
                f"sign_in.toml is there, and {package} is not installed.",
                fix="Install it: pip install 'callworth[oidc]'.",
            )
    folder = home / "sign_in"
    cookie = Cookie(
        "callworth-session", secret=shared_secret(folder / ".secret"), secure=settings.secure
    )
    sessions = Sessions(
        cookie,
        Ended(folder / "ended"),
        idle_seconds=settings.idle_minutes * 60,
        longest_seconds=settings.longest_minutes * 60,
        clock=clock,
    )
    return SignInParts(settings, folder, sessions, clock)
