"""The headers that tell a browser what it may do with an answer: as little as possible."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.types import Message, Scope, Send

_POLICY = b"content-security-policy"
_NOTHING = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)

# Of a decision, whose every microsecond is waited for: what matters where no browser asks.
READY_MADE: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
# Of every other answer, where it does not say otherwise itself. Nothing is stored on the way: most
# answers name a customer.
_USUAL: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (_POLICY, _NOTHING),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
# Half a year, as is asked for at least; other names of the host are not ours to bind.
_ONLY_TLS = (b"strict-transport-security", b"max-age=15768000")


def secured(scope: Scope, send: Send) -> Send:
    """Return a `send` that adds the headers which an answer does not bring itself.

    Among them the cookie by which a session lives on, where a handler left one in the state.
    """
    scope.setdefault("state", {})
    usual = (*_USUAL, _ONLY_TLS) if scope.get("scheme") == "https" else _USUAL

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            given = {name for name, _ in headers}
            headers = [*headers, *(one for one in usual if one[0] not in given)]
            cookie = scope["state"].get("session_cookie")
            if cookie is not None and b"set-cookie" not in given:
                headers.append((b"set-cookie", cookie.encode("latin-1")))
            message = {**message, "headers": headers}
        await send(message)

    return sending


def policy_for(html: str) -> str:
    """Return the content policy of a page that holds its style itself, allowed by its hash."""
    hashes = " ".join(f"'sha256-{_sha256(style)}'" for style in _STYLE.findall(html))
    return f"default-src 'none'; style-src {hashes}; img-src data:; frame-ancestors 'none';" + (
        " base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
