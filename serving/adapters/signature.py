"""The signature of Twilio's webhooks: HMAC over the address and the sorted parameters, in base64.

Twilio tells of it under "Security: Validating Requests".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

HEADER = "x-twilio-signature"
# Which of its two ways Twilio signs in; without the header it is SHA-1.
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"

_WAYS = {"hmac_sha1": hashlib.sha1, "hmac_sha256": hashlib.sha256}
_PORTS = {"https": 443, "http": 80}

Parameters = Iterable[tuple[str, str]]


def is_signed(
    url: str, parameters: Parameters, *, token: str, given: str, settings: str = ""
) -> bool:
    """Return whether Twilio signed these parameters for this address with this token.

    Twilio may or may not have counted the port in: both are tried. Takes the same time whether
    the first or the last character is wrong.
    """
    way = _way(settings)
    if way is None:
        return False
    told = "".join(f"{name}{value}" for name, value in sorted(set(parameters)))
    without_port, with_port = (
        base64.b64encode(hmac.new(token.encode(), _bytes(one + told), way).digest())
        for one in _addresses(url)
    )
    sent = _bytes(given)
    # Not `or`: both are compared, whatever the first one says.
    return hmac.compare_digest(without_port, sent) | hmac.compare_digest(with_port, sent)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _way(settings: str) -> str | None:
    named = "hmac_sha1"
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            named = value.strip().lower()
    way = _WAYS.get(named)
    return way().name if way is not None else None


def _addresses(url: str) -> tuple[str, str]:
    """Return the address without and with its port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or _PORTS.get(parts.scheme, 443)
    return (
        parts._replace(netloc=host).geturl(),
        parts._replace(netloc=f"{host}:{port}").geturl(),
    )
