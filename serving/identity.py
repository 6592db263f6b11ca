"""Who asks: API keys with roles, kept as hashes in a TOML file that is followed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from hmac import compare_digest
from pathlib import Path

from starlette.requests import Request

from serving.bodies import PROXY_HEADERS
from serving.errors import KeysFileError
from serving.key_file import Key, Role, demand_keys, read_keys
from serving.problems import ProblemError
from serving.rate_limits import RateLimits
from serving.settings import Settings
from serving.sign_in.paths import BEGIN, address_for
from serving.sign_in.sessions import Sessions

_REALM = 'realm="callworth", charset="UTF-8"'
_LOOK_EVERY_SECONDS = 1.0
_MOST_HOSTS = 64
_PROXIES = frozenset(PROXY_HEADERS)
_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


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

# The same for a contact, looked up without hashing: every decision asks.
_DECIDE, _DECIDERS = Use.DECIDE, tuple(ROLES[Use.DECIDE])

OPEN_HOUSE = Key("anyone on this machine", Role.ROUTER)


class KeyRing:
    """The keys in force; without a file, and on a loopback address, everyone may do everything.

    A file that appears closes the open house; one that vanishes or breaks changes nothing, so
    that a slip of the pen neither opens the door nor locks the routers out.
    """

    def __init__(
        self,
        file: Path,
        *,
        loopback: bool,
        own_host: str = "localhost",
        workers: int = 1,
        sessions: Sessions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = RateLimits(workers=workers)
        self.sessions = sessions
        self._clock = clock
        self._file = file
        self._loopback = loopback
        self._own_names = _OWN_NAMES | {own_host.lower()}
        self._own_hosts: set[str] = set()  # spellings, with a port, that were found to be ours
        self._keys: tuple[Key, ...] | None = None
        self._digests: list[tuple[bytes, Key]] = []
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0
        self.trouble: str | None = None

    @classmethod
    def opened(cls, settings: Settings, *, sessions: Sessions | None = None) -> KeyRing:
        """Read the keys file once; `sessions` are of people who sign in otherwise.

        Raises KeysRequiredError where a server may not go without keys.
        """
        ring = cls(
            settings.keys_file,
            loopback=settings.loopback,
            own_host=settings.host,
            workers=settings.workers,
            sessions=sessions,
        )
        keys = demand_keys(settings)
        if keys is not None:
            ring._take(keys)
            ring._seen = _stamp(settings.keys_file)
        return ring

    @property
    def open_house(self) -> bool:
        """Whether no key is asked for."""
        return self._keys is None and self._loopback and self.sessions is None

    def admit(self, headers: Mapping[str, str], use: Use, *, browser: bool = False) -> Key:
        """Return the key of who asks; raise ProblemError 401, 403, 421 (foreign host name), or 429.

        To decide is never refused for asking too fast: a contact must get a route, and who answers
        it looks at `limits`.
        """
        self.follow()
        if self.open_house:
            self._check_host(headers.get("host", ""))
            _check_direct(headers)
            return OPEN_HOUSE
        key = self._known(_secret(headers))
        if key is None:
            raise _unknown(headers, browser=browser)
        return self.allowed(key, use)

    def allowed(self, key: Key, use: Use) -> Key:
        """Return the key if its role may do this, now; raise ProblemError 403 or 429."""
        allowed = _DECIDERS if use is _DECIDE else ROLES[use]
        if key.role not in allowed:
            names = tuple(sorted(allowed))
            raise ProblemError(
                403,
                f"The key '{key.name}' has the role {key.role}, which may not do this.",
                fix=f"Use a key with the role {' or '.join(names)}.",
                allowed=names,
            )
        if use is not _DECIDE:
            self.limits.require(key)
        return key

    def _take(self, keys: tuple[Key, ...]) -> None:
        self._digests = [(bytes.fromhex(one), key) for key in keys for one in key.hashes]
        self._keys = keys

    def _known(self, secret: str | None) -> Key | None:
        if secret is None:
            return None
        given = hashlib.sha256(secret.encode("utf-8", "replace")).digest()
        found = None
        for digest, key in self._digests:  # every one is compared, so that time tells nothing
            if compare_digest(given, digest):
                found = key
        return found if found is not None and self._clock() < found.ends else None

    def _check_host(self, host: str) -> None:
        if host in self._own_hosts:
            return
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
        if len(self._own_hosts) < _MOST_HOSTS:
            self._own_hosts.add(host)

    def follow(self) -> None:
        """Look whether the file has changed; at most once a second."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_SECONDS
        try:
            stamp = _stamp(self._file)
            if stamp is not None and stamp != self._seen:
                self._take(read_keys(self._file))
                self._seen, self.trouble = stamp, None
            elif stamp is not None:
                self.trouble = None
            elif self._keys is not None:
                self.trouble = f"{self._file} is gone; the keys read before stay in force."
        except KeysFileError as error:
            if self._keys:
                self.trouble = f"{error.fact} The keys read before stay in force."
            else:  # whoever writes a keys file wants the house closed
                self._take(())
                self.trouble = f"{error.fact} No key is taken until it is mended."


def requires(
    keys: KeyRing, use: Use, *, browser: bool = False
) -> Callable[[Request], Awaitable[Key]]:
    """Return a FastAPI dependency that admits who may do `use`."""

    async def admitted(request: Request) -> Key:
        signed_in = keys.sessions.admit(request.headers) if browser and keys.sessions else None
        if signed_in is not None:
            key = keys.allowed(signed_in[0], use)
            request.state.signed_in, request.state.session_cookie = key.name, signed_in[1]
        elif browser and keys.sessions and _secret(request.headers) is None:
            raise _sign_in_first(request)
        else:
            key = keys.admit(request.headers, use, browser=browser)
        request.state.key = key
        return key

    admitted.use = use  # type: ignore[attr-defined]  # a test asks each route what it is for
    return admitted


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


def _check_direct(headers: Mapping[str, str]) -> None:
    if _PROXIES.isdisjoint(headers):
        return
    for name in PROXY_HEADERS:
        if name in headers:
            raise ProblemError(
                421,
                "Without keys this server answers this machine alone, and this came by a proxy.",
                fix="Make a key with `callworth keys create NAME --role ROLE`.",
                field=name,
            )


def _sign_in_first(request: Request) -> ProblemError:
    page = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    reading = request.method in ("GET", "HEAD")
    return ProblemError(
        303 if reading else 401,
        "This is for people who have signed in.",
        fix=f"Sign in at {BEGIN}.",
        headers={"location": address_for(page)} if reading else None,
    )


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)
