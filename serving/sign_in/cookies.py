"""Cookies that only we can have written: what they hold is signed, for one purpose each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import TypeVar

import msgspec

T = TypeVar("T")

# Browsers keep no cookie over 4,096 bytes.
_LONGEST = 4_000


class Cookie:
    """One cookie by its name; over TLS the browser takes it from this host alone."""

    def __init__(self, name: str, *, secret: bytes, secure: bool) -> None:
        self.name = f"__Host-{name}" if secure else name
        self._secure = secure
        self._secret = hmac.new(secret, name.encode(), hashlib.sha256).digest()

    def holding(self, value: msgspec.Struct, *, seconds: int) -> str:
        """Return the Set-Cookie header that gives it to the browser for so long."""
        payload = base64.urlsafe_b64encode(msgspec.json.encode(value)).decode()
        return self._header(f"{payload}.{self._signature(payload).decode()}", seconds)

    def gone(self) -> str:
        """Return the Set-Cookie header that takes it away."""
        return self._header("", 0)

    def read(self, headers: Mapping[str, str], kind: type[T]) -> T | None:
        """Return what the browser sent back, or None where that is nothing of ours."""
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.name)
        except CookieError:
            return None
        if found is None or len(found.value) > _LONGEST:
            return None
        payload, _, signature = found.value.partition(".")
        if not hmac.compare_digest(self._signature(payload), signature.encode("utf-8", "replace")):
            return None
        try:
            return msgspec.json.decode(base64.urlsafe_b64decode(payload), type=kind)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            return None

    def _signature(self, payload: str) -> bytes:
        text = payload.encode("utf-8", "replace")
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest().encode()

    def _header(self, value: str, seconds: int) -> str:
        # Lax, since people come back from the provider's page and follow links in messages.
        tls = "; Secure" if self._secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{tls}"
