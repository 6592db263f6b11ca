"""From what the provider says of a person to a name that is shown and a role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.key_file import Role
from serving.sign_in.errors import NoRoleError
from serving.sign_in.settings_file import SignInSettings

_LONGEST_NAME = 100
# The pages are marketing's: who has several roles comes as the first of these.
_ORDER = (Role.MARKETING, Role.SCIENTIST, Role.ROUTER)


def name_of(claims: Mapping[str, Any], settings: SignInSettings) -> str:
    """Return what a person is called in the records: one line of printable characters.

    An e-mail address that the provider has not verified is no name: anyone may have typed it.
    """
    found = claims.get(settings.name_claim)
    if settings.name_claim == "email" and claims.get("email_verified") is False:
        found = None
    text = found if isinstance(found, str) else str(claims["sub"])
    printable = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(printable.split())[:_LONGEST_NAME] or "somebody"


def role_of(claims: Mapping[str, Any], settings: SignInSettings) -> Role:
    """Return the role that a person's groups have; raise NoRoleError where none has any."""
    groups = _groups(claims, settings.roles_claim)
    for role in _ORDER:
        if groups & set(settings.roles.get(role, ())):
            return role
    raise NoRoleError(
        f"{name_of(claims, settings)} has signed in, but in none of the groups that may see this.",
        fix="Ask whoever runs this server: the groups stand in sign_in.toml, under [roles].",
    )


def _groups(claims: Mapping[str, Any], path: str) -> set[str]:
    """Return the groups at a path with dots; a name with dots of its own is looked for first."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return {found}
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()
