"""A small OpenID provider on loopback: discovery, keys, codes, tokens; it lies when told to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.threaded_server import in_a_thread

CLIENT, SECRET = "callworth", "known to both"


@dataclass
class OpenIdProvider:
    """Everybody is signed in at once, as `person`; `now` is its clock in Unix seconds."""

    now: int
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "7", "email": "jane@bank.example", "groups": ["staff", "callworth-marketing"],
        }
    )  # fmt: skip
    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)  # what its tokens say otherwise
    header: dict[str, Any] = field(default_factory=dict)
    signed_by: RSAKey | None = None
    unsigned: bool = False
    named_issuer: str | None = None

    def __post_init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self._codes: dict[str, dict[str, str]] = {}

    def rotate_key(self, kid: str) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._described),
                Route("/keys", self._keys),
                Route("/authorise", self._authorise),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _described(self, _request: Request) -> Response:
        here = self.issuer
        return JSONResponse(
            {
                "issuer": self.named_issuer or here,
                "authorization_endpoint": f"{here}/authorise",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _authorise(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", status_code=302)

    async def _token(self, request: Request) -> Response:
        sent = {name: one[0] for name, one in parse_qs((await request.body()).decode()).items()}
        asked = self._codes.pop(sent.get("code", ""), None)  # a code is good once
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        known = scheme == "Basic" and base64.b64decode(pair).decode() == f"{CLIENT}:{SECRET}"
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not known:
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            asked is None
            or proof != asked["code_challenge"]
            or sent["redirect_uri"] != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        token = self._id_token(asked["nonce"])
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _id_token(self, nonce: str) -> str:
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": self.now, "exp": self.now + 300,
            "nonce": nonce, **self.person, **self.claims,
        }  # fmt: skip
        claims = {name: one for name, one in claims.items() if one is not None}
        if self.unsigned:
            parts = ({"alg": "none", "typ": "JWT"}, claims)
            return ".".join(
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode()
                for one in parts
            ) + "."  # fmt: skip
        key = self.signed_by or self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid, **self.header}, claims, key)


@contextmanager
def running(provider: OpenIdProvider) -> Iterator[OpenIdProvider]:
    """Run the provider in a thread until the block ends."""
    config = uvicorn.Config(provider.app(), port=0, log_level="warning", lifespan="off")
    with in_a_thread(config) as port:
        provider.issuer = f"http://127.0.0.1:{port}"
        yield provider
