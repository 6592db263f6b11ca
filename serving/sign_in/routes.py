"""The addresses of the sign-in: out to the provider, back with a code, and out of here."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from serving.errors import ServingError
from serving.pages.form_token import require_own_page
from serving.pages.frame import Frame
from serving.sign_in.cookies import Cookie
from serving.sign_in.errors import SignInRefusedError
from serving.sign_in.paths import BACK, BEGIN, END, ENDED
from serving.sign_in.people import name_of, role_of
from serving.sign_in.provider import Provider
from serving.sign_in.sessions import Ended, Sessions
from serving.sign_in.settings_file import SignInSettings

_FIRST_PAGE = "/offers"
# An address of ours: neither another host's nor one that a browser would read as such.
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")
_VALID_SECONDS = 600


class Begun(msgspec.Struct, frozen=True):
    """A sign-in on its way: what must come back (state, nonce), what proves us, and where to."""

    state: str
    nonce: str
    verifier: str
    page: str
    began: int


class SignIn:
    """The handlers of the sign-in, over one provider."""

    def __init__(
        self,
        settings: SignInSettings,
        *,
        provider: Provider,
        cookie: Cookie,
        sessions: Sessions,
        used: Ended,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._cookie = cookie
        self._sessions = sessions
        self._used = used
        self._clock = clock
        self._back_to = f"{settings.public_url.rstrip('/')}{BACK}"

    async def begin(self, request: Request) -> Response:
        """Send the browser to the provider."""
        page = request.query_params.get("page", _FIRST_PAGE)
        begun = Begun(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            page=page if _OWN_PATH.fullmatch(page) else _FIRST_PAGE,
            began=int(self._clock()),
        )
        where = await self._provider.address(
            back_to=self._back_to, state=begun.state, nonce=begun.nonce, verifier=begun.verifier
        )
        answer = RedirectResponse(where, status_code=303)
        answer.headers.append("set-cookie", self._cookie.holding(begun, seconds=_VALID_SECONDS))
        return answer

    async def back(self, request: Request) -> Response:
        """Take the provider's answer: begin a session and lead to the page that was asked for."""
        begun = self._begun(request)
        code = self._code(request)
        claims = await self._provider.claims(
            code, back_to=self._back_to, nonce=begun.nonce, verifier=begun.verifier
        )
        # Only now: who has no good code leaves no note behind.
        if not self._used.end(begun.state, now=self._clock(), keep_seconds=_VALID_SECONDS):
            raise _not_begun()
        session = self._sessions.begin(
            name_of(claims, self._settings), role_of(claims, self._settings)
        )
        answer = RedirectResponse(begun.page, status_code=303)
        answer.headers.append("set-cookie", self._cookie.gone())
        answer.headers.append("set-cookie", session)
        return answer

    async def end(self, request: Request) -> Response:
        """End the session."""
        require_own_page(request.headers)
        answer = RedirectResponse(ENDED, status_code=303)
        answer.headers.append("set-cookie", self._sessions.end(request.headers))
        return answer

    def _begun(self, request: Request) -> Begun:
        """Return the sign-in that this is the answer to."""
        begun = self._cookie.read(request.headers, Begun)
        state = request.query_params.get("state", "")
        now = self._clock()
        if (
            begun is None
            or now >= begun.began + _VALID_SECONDS
            or not hmac.compare_digest(begun.state.encode(), state.encode("utf-8", "replace"))
            or begun.state in self._used
        ):
            raise _not_begun()
        return begun

    def _code(self, request: Request) -> str:
        asked = request.query_params
        if asked.get("iss", self._settings.issuer) != self._settings.issuer:  # RFC 9207
            raise SignInRefusedError(
                "The answer comes from another provider.", fix=f"Begin again at {BEGIN}."
            )
        if "code" not in asked:
            said = re.sub(r"[^a-z_]", "", asked.get("error", "")[:60])
            raise SignInRefusedError(
                f"The provider did not let you in: {said or 'it says nothing'}.",
                fix=f"Begin again at {BEGIN}.",
            )
        return asked["code"]


def _not_begun() -> SignInRefusedError:
    return SignInRefusedError(
        "This is not the answer to a sign-in that this browser began just now.",
        fix=f"Begin again at {BEGIN}.",
    )


def build_sign_in(sign_in: SignIn, frame: Frame) -> APIRouter:
    """Return the routes of the sign-in; they need no key."""
    router = APIRouter(include_in_schema=False)

    def shown(handle: Callable[[Request], Awaitable[Response]]) -> Callable[..., object]:
        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except ServingError as error:
                return frame.refusal(request, error, here="")

        return handled

    async def ended(request: Request) -> Response:
        return frame.page(request, "signed_out.html", here="", sign_in=BEGIN)

    router.add_api_route(BEGIN, shown(sign_in.begin), methods=["GET"])
    router.add_api_route(BACK, shown(sign_in.back), methods=["GET"])
    router.add_api_route(END, shown(sign_in.end), methods=["POST"])
    router.add_api_route(ENDED, ended, methods=["GET"])
    return router
