"""The OpenID provider: what it says of itself, its keys, and the tokens it gives for a code."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from serving.sign_in.errors import ProviderUnreachableError, SignInRefusedError
from serving.sign_in.settings_file import SignInSettings, is_safe_address

# Signed by a key pair: what anyone could have signed (none, or a shared text) is no proof.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
LEEWAY_SECONDS = 60
_PATIENCE_SECONDS = 5.0
_MOST_BYTES = 1 << 20
_KEYS_LIFE_SECONDS = 3600.0
_KEYS_PAUSE_SECONDS = 10.0


class Discovered(msgspec.Struct, frozen=True):
    """What we use of the provider's description of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Provider:
    """One provider; its description and keys are read at first need and kept for an hour."""

    def __init__(
        self,
        settings: SignInSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._found: Discovered | None = None
        self._keys: KeySet | None = None
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()
        # Once: to read the authorities' certificates takes longer than many decisions.
        self._tls = httpx.create_ssl_context()

    async def address(self, *, back_to: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser goes to sign in (RFC 6749 4.1.1, with PKCE of RFC 7636)."""
        found, _ = await self._known()
        address: str = prepare_grant_uri(
            found.authorization_endpoint,
            self._settings.client_id,
            "code",
            redirect_uri=back_to,
            scope=" ".join(self._settings.scopes),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims(self, code: str, *, back_to: str, nonce: str, verifier: str) -> dict[str, Any]:
        """Return what the provider says of whoever got the code, once its signature is proved."""
        found, keys = await self._known()
        token = await self._token(found, code, back_to=back_to, verifier=verifier)
        try:
            return self._proved(token, keys, nonce=nonce)
        except InvalidKeyIdError as error:  # of a key that is new, or of none of theirs
            if self._clock() - self._read_at < _KEYS_PAUSE_SECONDS:
                raise _not_theirs(str(error)) from error
        _, keys = await self._known(anew=True)
        try:
            return self._proved(token, keys, nonce=nonce)
        except InvalidKeyIdError as error:
            raise _not_theirs(str(error)) from error

    async def _token(self, found: Discovered, code: str, *, back_to: str, verifier: str) -> str:
        secret = self._settings.client_secret()
        body = {"redirect_uri": back_to, "code": code, "code_verifier": verifier}
        auth = None
        if secret and "client_secret_basic" in found.token_endpoint_auth_methods_supported:
            auth = httpx.BasicAuth(self._settings.client_id, secret)
        else:
            body["client_id"] = self._settings.client_id
            if secret:
                body["client_secret"] = secret
        sent = prepare_token_request("authorization_code", **body)
        answer = await self._ask("POST", found.token_endpoint, content=sent, auth=auth)
        if answer.status_code != 200:
            raise SignInRefusedError(
                "The provider does not take the code of this sign-in.",
                fix="Sign in again; if it stays, check client_id and the secret in sign_in.toml.",
            )
        token = _object(answer).get("id_token")
        if not isinstance(token, str):
            raise _not_theirs("there is none")
        return token

    def _proved(self, token: str, keys: KeySet, *, nonce: str) -> dict[str, Any]:
        settings = self._settings
        try:
            read = jwt.decode(token, keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": settings.issuer},
                    "aud": {"essential": True, "value": settings.client_id},
                },
                params={"nonce": nonce, "client_id": settings.client_id},
            )
            claims.validate(now=int(self._clock()), leeway=LEEWAY_SECONDS)
        except InvalidKeyIdError:
            raise
        except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            raise _not_theirs(str(error)) from error
        return dict(claims)

    async def _known(self, *, anew: bool = False) -> tuple[Discovered, KeySet]:
        async with self._lock:
            fresh = self._clock() - self._read_at < _KEYS_LIFE_SECONDS
            if self._found is None or self._keys is None or anew or not fresh:
                self._found, self._keys = await self._read()
                self._read_at = self._clock()
            return self._found, self._keys

    async def _read(self) -> tuple[Discovered, KeySet]:
        issuer = self._settings.issuer
        place = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            found = msgspec.convert(_object(await self._ask("GET", place)), Discovered)
        except msgspec.ValidationError as error:
            raise _unreachable(f"{place}: {error}") from error
        if found.issuer != issuer:
            raise _unreachable(f"{place} names another issuer, '{found.issuer}'")
        for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            if not is_safe_address(address):
                raise _unreachable(f"{place} names '{address}', which is no https address")
        try:
            keys = _object(await self._ask("GET", found.jwks_uri))
            return found, KeySet.import_key_set(keys)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _unreachable(f"{found.jwks_uri} holds no keys") from error

    async def _ask(
        self,
        method: str,
        address: str,
        *,
        content: str | None = None,
        auth: httpx.Auth | None = None,
    ) -> httpx.Response:
        kind = {"content-type": "application/x-www-form-urlencoded"} if content else None
        try:
            async with httpx.AsyncClient(timeout=_PATIENCE_SECONDS, verify=self._tls) as client:
                answer = await client.request(
                    method, address, content=content, headers=kind, auth=auth
                )
        except httpx.HTTPError as error:
            raise _unreachable(f"{address} does not answer") from error
        if len(answer.content) > _MOST_BYTES:
            raise _unreachable(f"{address} says too much")
        return answer


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or answer.is_error:
        raise _unreachable(f"{answer.url.copy_with(query=None)} does not answer with JSON")
    return found


def _unreachable(fact: str) -> ProviderUnreachableError:
    return ProviderUnreachableError(
        f"Nobody can sign in now: {fact}.", fix="Try again, or check issuer in sign_in.toml."
    )


def _not_theirs(why: str) -> SignInRefusedError:
    return SignInRefusedError(
        f"The provider's ID token is not good: {why[:200]}.", fix="Sign in again."
    )
