"""HOME/sign_in.toml: who says who people are, and which of their groups have which role."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from serving.key_file import Role
from serving.sign_in.errors import SignInFileError

FILE = "sign_in.toml"
SECRET_VARIABLE = "CALLWORTH_OIDC_CLIENT_SECRET"

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
_Minutes = Annotated[int, msgspec.Meta(ge=1, le=10_080)]


class SignInSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file.

    `issuer` is the provider's address as its tokens name it, `public_url` ours as browsers see it
    (scheme and host). `roles` lists the groups that have each role; `roles_claim` is where the
    token names them, a path with dots. A client without a secret is a public one.
    """

    issuer: _Text
    client_id: _Text
    public_url: _Text
    roles: dict[Role, list[_Text]]
    roles_claim: _Text = "groups"
    name_claim: _Text = "email"
    scopes: tuple[_Text, ...] = ("openid", "email", "profile")
    client_secret_file: str | None = None
    idle_minutes: _Minutes = 30
    longest_minutes: _Minutes = 600

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over TLS, so that cookies are for TLS alone."""
        return urlsplit(self.public_url).scheme == "https"

    def client_secret(self) -> str | None:
        """Return the secret that proves to the provider who we are, or None."""
        if self.client_secret_file is None:
            return os.environ.get(SECRET_VARIABLE) or None
        try:
            return Path(self.client_secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SignInFileError(
                f"client_secret_file cannot be read: {error}.",
                fix="Name a file that the server's user can read.",
            ) from error


def read_sign_in(home: Path) -> SignInSettings | None:
    """Return what HOME/sign_in.toml says, or None where there is no such file.

    Raises SignInFileError that names the place and what is allowed there.
    """
    file = home / FILE
    try:
        found = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), SignInSettings)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise SignInFileError(
            f"{file}: {error}.", fix="docs/security.md shows what it may hold."
        ) from error
    for field in ("issuer", "public_url"):
        if not is_safe_address(getattr(found, field)):
            raise SignInFileError(
                f"{file}: {field} is '{getattr(found, field)}'.",
                fix="It must be an https address; http is for this machine alone.",
            )
    place = urlsplit(found.public_url)
    if place.path.strip("/") or place.query or place.fragment:
        raise SignInFileError(
            f"{file}: public_url is '{found.public_url}'.",
            fix="It must be scheme and host alone, without a path.",
        )
    found.client_secret()
    return found


def is_safe_address(address: str) -> bool:
    """Return whether nobody on the way can read or change what is sent to the address."""
    try:
        place = urlsplit(address)
        host = place.hostname or ""
    except ValueError:
        return False
    if place.scheme == "https":
        return bool(host)
    return place.scheme == "http" and _is_this_machine(host)


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
