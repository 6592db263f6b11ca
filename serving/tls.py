"""The certificate by which browsers and routers know this server, looked at before it starts."""

from __future__ import annotations

import ssl
from pathlib import Path

from serving.errors import SettingsError


def check_tls(certificate: Path | None, key: Path | None) -> None:
    """Raise SettingsError unless there is neither, or a certificate with the key that fits."""
    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        missing = "tls_certificate" if certificate is None else "tls_key"
        raise SettingsError(
            f"{missing} is not given.", fix="TLS needs both, the certificate and its key."
        )
    for name, file in (("tls_certificate", certificate), ("tls_key", key)):
        if not file.is_file():
            raise SettingsError(f"{name} is {file}, which is no file.", fix="Name a PEM file.")
    try:
        # An empty password, so that a key that wants one is refused instead of asking for it.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            certificate, key, password=""
        )
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SettingsError(
            f"{certificate} and {key} cannot be used for TLS: {error}.",
            fix="Name a PEM certificate (with its chain) and its own key, without a password.",
        ) from error
