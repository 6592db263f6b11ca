"""Tokens that only a form of ours carries, so that no other site can send it in a user's name."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from starlette.datastructures import Headers

from serving.errors import ServingError

VALID_FOR = timedelta(hours=12)
_SECRET_BYTES = 32


class ForeignFormError(ServingError):
    """A form was not sent from a page of this server, or from one that is too old."""

    status = 403


class FormTokens:
    """Makes and checks tokens; the workers of one workspace share the secret behind them."""

    def __init__(self, home: Path) -> None:
        self._file = home / "offers" / ".form-secret"
        self._secret: bytes | None = None

    def issue(self, subject: str, *, now: datetime) -> str:
        """Return a token for a form on `subject` (who, on what), sent within twelve hours."""
        issued = str(int(now.timestamp()))
        return f"{issued}.{self._signature(subject, issued)}"

    def require(self, token: str, subject: str, *, now: datetime) -> None:
        """Raise ForeignFormError unless the token was issued for `subject`, not too long ago."""
        issued, _, signature = token.partition(".")
        expected = self._signature(subject, issued)
        ours = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
        if not ours or not issued.isdigit():
            raise ForeignFormError(
                "This form does not carry the token of the page it was on.",
                fix="Load the page of the offer again, and decide there.",
            )
        if now.timestamp() - int(issued) > VALID_FOR.total_seconds():
            raise ForeignFormError(
                "The page with this form was opened too long ago.",
                fix="Look at the offer as it is now, then send the form again.",
            )

    def _signature(self, subject: str, issued: str) -> str:
        text = f"{issued}\x1f{subject}".encode("utf-8", "surrogatepass")
        if self._secret is None:
            self._secret = _shared_secret(self._file)
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


def require_own_page(headers: Headers) -> None:
    """Raise ForeignFormError unless the browser says that the form was on a page of ours.

    A browser sends `Sec-Fetch-Site` where the address is https or this machine, and `Origin` with
    every form; neither can be set by a page.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        own = site == "same-origin"
    else:
        own = headers.get("origin", "").partition("://")[2] == headers.get("host", "-")
    if not own:
        raise ForeignFormError(
            "This form was not sent from a page of this server.",
            fix="Open the page of the offer here, and decide there;"
            " or use `callworth offers` at the command line.",
        )


def _shared_secret(file: Path) -> bytes:
    """Return the secret of the workspace, made at first need; one of this process if it cannot."""
    made = secrets.token_bytes(_SECRET_BYTES)
    mine = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            mine.unlink(missing_ok=True)
            mine.touch(mode=0o600)
            mine.write_bytes(made)
            try:
                os.link(mine, file)  # whole or not at all, and only if no other was first
            except FileExistsError:
                pass
            finally:
                mine.unlink()
        found = file.read_bytes()
    except OSError:
        return made
    return found if len(found) == _SECRET_BYTES else made
