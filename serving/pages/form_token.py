"""Tokens that only a form of ours carries, so that no other site can send it in a user's name."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path

from starlette.datastructures import Headers

from serving.errors import ServingError
from serving.shared_secret import shared_secret

VALID_FOR = timedelta(hours=12)


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
            self._secret = shared_secret(self._file)
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
