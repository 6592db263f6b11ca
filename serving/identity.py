"""Who asks: API keys with roles, kept as hashes in a TOML file that is followed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import time
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from starlette.requests import Request

from features.staging import staged_file
from serving.errors import KeysFileError, KeysRequiredError
from serving.problems import ProblemError
from serving.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_HASH = re.compile(r"[0-9a-f]{64}")
_REALM = 'realm="callworth", charset="UTF-8"'
_LOOK_EVERY_SECONDS = 1.0
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Role(StrEnum):
    """What a key may do."""

    ROUTER = "router"
    MARKETING = "marketing"
    SCIENTIST = "scientist"


class Use(StrEnum):
    """What is asked for; ROLES says who may."""

    DECIDE = "decide"
    PREDICT = "predict"
    READ_STRATEGIES = "read_strategies"
    REPORT_OUTCOMES = "report_outcomes"
    READ_METRICS = "read_metrics"
    SEE_PAGES = "see_pages"
    CHANGE_OFFERS = "change_offers"


ROLES: dict[Use, frozenset[Role]] = {
    Use.DECIDE: frozenset({Role.ROUTER}),
    Use.PREDICT: frozenset({Role.ROUTER, Role.SCIENTIST}),
    Use.READ_STRATEGIES: frozenset({Role.ROUTER, Role.MARKETING, Role.SCIENTIST}),
    Use.REPORT_OUTCOMES: frozenset({Role.ROUTER}),
    Use.READ_METRICS: frozenset({Role.SCIENTIST}),
    Use.SEE_PAGES: frozenset({Role.MARKETING}),
    Use.CHANGE_OFFERS: frozenset({Role.MARKETING}),
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name, its role and the SHA-256 of its secret (256 random bits: no salt)."""

    name: str
    role: Role
    sha256: str


OPEN_HOUSE = Key("anyone on this machine", Role.ROUTER, "")


class KeyRing:
    """The keys in force; without a file, and on a loopback address, everyone may do everything.

    A file that appears closes the open house; one that vanishes or breaks changes nothing, so
    that a slip of the pen neither opens the door nor locks the routers out.
    """

    def __init__(self, file: Path, *, loopback: bool, own_host: str = "localhost") -> None:
        self._file = file
        self._loopback = loopback
        self._own_names = _OWN_NAMES | {own_host.lower()}
        self._keys: tuple[Key, ...] | None = None
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0
        self.trouble: str | None = None

    @classmethod
    def opened(cls, settings: Settings) -> KeyRing:
        """Read the keys file once; raise KeysRequiredError where a server may not go without."""
        ring = cls(settings.keys_file, loopback=settings.loopback, own_host=settings.host)
        if settings.keys_file.exists():
            ring._keys = read_keys(settings.keys_file)
            ring._seen = _stamp(settings.keys_file)
        if not settings.loopback and not ring._keys:
            raise KeysRequiredError(
                f"{settings.host} can be reached by other machines, and there are no keys in"
                f" {settings.keys_file}.",
                fix="Make one with `callworth keys create NAME --role router`,"
                " or listen on 127.0.0.1.",
            )
        return ring

    @property
    def open_house(self) -> bool:
        """Whether no key is asked for."""
        return self._keys is None and self._loopback

    def admit(self, headers: Mapping[str, str], use: Use, *, browser: bool = False) -> Key:
        """Return the key of who asks; raise ProblemError 401, 403, or 421 (foreign host name)."""
        self._follow()
        if self.open_house:
            self._check_host(headers.get("host", ""))
            return OPEN_HOUSE
        key = self._known(_secret(headers))
        if key is None:
            raise _unknown(headers, browser=browser)
        allowed = ROLES[use]
        if key.role not in allowed:
            names = tuple(sorted(allowed))
            raise ProblemError(
                403,
                f"The key '{key.name}' has the role {key.role}, which may not do this.",
                fix=f"Use a key with the role {' or '.join(names)}.",
                allowed=names,
            )
        return key

    def _known(self, secret: str | None) -> Key | None:
        if secret is None:
            return None
        given = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
        found = None
        for key in self._keys or ():  # every key is compared, so that time tells nothing
            if hmac.compare_digest(given, key.sha256):
                found = key
        return found

    def _check_host(self, host: str) -> None:
        name = host.lower()
        if not name.endswith("]"):
            name = name.rpartition(":")[0] or name
        if name not in self._own_names:
            # Else a page on the web could point its own name at this machine and read customers.
            raise ProblemError(
                421,
                "Without keys this server answers only to its own name, not to the Host sent.",
                fix="Ask for http://127.0.0.1, or make a key with `callworth keys create`.",
                field="host",
                allowed=tuple(sorted(self._own_names)),
            )

    def _follow(self) -> None:
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_SECONDS
        try:
            stamp = _stamp(self._file)
            if stamp is not None and stamp != self._seen:
                self._keys, self._seen, self.trouble = read_keys(self._file), stamp, None
            elif stamp is not None:
                self.trouble = None
            elif self._keys is not None:
                self.trouble = f"{self._file} is gone; the keys read before stay in force."
        except KeysFileError as error:
            if self._keys:
                self.trouble = f"{error.fact} The keys read before stay in force."
            else:  # whoever writes a keys file wants the house closed
                self._keys = ()
                self.trouble = f"{error.fact} No key is taken until it is mended."


def requires(
    keys: KeyRing, use: Use, *, browser: bool = False
) -> Callable[[Request], Awaitable[Key]]:
    """Return a FastAPI dependency that admits who may do `use`."""

    async def admitted(request: Request) -> Key:
        return keys.admit(request.headers, use, browser=browser)

    return admitted


def read_keys(file: Path) -> tuple[Key, ...]:
    """Return the keys of a file; raise KeysFileError that names the entry and what is wrong."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise KeysFileError(
            f"{file} cannot be read: {error}.", fix="Correct or restore it."
        ) from error
    entries = document.get("keys")
    if (
        not isinstance(entries, list)
        or not entries
        or not all(isinstance(entry, dict) for entry in entries)
    ):
        raise KeysFileError(f"{file} has no [[keys]] entries.", fix="Each key is one such entry.")
    return tuple(_key(entry, file, at) for at, entry in enumerate(entries, start=1))


def _key(entry: dict[str, object], file: Path, at: int) -> Key:
    name, role, sha256 = (str(entry.get(part, "")) for part in ("name", "role", "sha256"))
    if role not in set(Role):
        raise KeysFileError(
            f"{file}, key {at}: the role is '{role}'.", fix=f"It must be one of: {', '.join(Role)}."
        )
    if not name or not _HASH.fullmatch(sha256):
        raise KeysFileError(
            f"{file}, key {at} lacks a name or a sha256 of 64 hexadecimal digits.",
            fix="Make keys with `callworth keys create`.",
        )
    return Key(name, Role(role), sha256)


def create_key(home: Path, *, name: str, role: str, file: Path | None = None) -> str:
    """Add a key to HOME/keys.toml (or `file`) and return its secret, which is stored nowhere.

    Raises KeysFileError for a name that is taken or not plain, a role that does not exist, or a
    file that is broken.
    """
    if role not in set(Role):
        raise KeysFileError(f"There is no role '{role}'.", fix=f"Roles are: {', '.join(Role)}.")
    file = file or home / "keys.toml"
    if not _NAME.fullmatch(name):
        raise KeysFileError(
            f"'{name}' cannot name a key.", fix="Use up to 63 letters, digits, '.', '_' and '-'."
        )
    if file.exists() and any(key.name == name for key in read_keys(file)):
        raise KeysFileError(f"{file} has a key '{name}' already.", fix="Choose another name.")
    secret = f"cw_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    text = file.read_text(encoding="utf-8").rstrip("\n") + "\n\n" if file.exists() else ""
    text += f'[[keys]]\nname = "{name}"\nrole = "{role}"\nsha256 = "{digest}"\n'
    with staged_file(file) as staged:
        staged.touch(mode=0o600)
        staged.write_text(text, encoding="utf-8")
    return secret


def _secret(headers: Mapping[str, str]) -> str | None:
    if "x-api-key" in headers:
        return headers["x-api-key"].strip()
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return ""
        return pair.partition(":")[2]
    return None


def _unknown(headers: Mapping[str, str], *, browser: bool) -> ProblemError:
    given = _secret(headers) is not None
    return ProblemError(
        401,
        "The key is not known here." if given else "This needs a key, and none was sent.",
        fix="Send 'Authorization: Bearer KEY' or 'X-API-Key: KEY';"
        " in a browser, any name and the key as password.",
        field="authorization",
        headers={"www-authenticate": f"{'Basic' if browser else 'Bearer'} {_REALM}"},
    )


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)
