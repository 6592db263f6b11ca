from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from serving.examples import NOW
from serving.key_changes import create_key

pytest.importorskip("authlib", reason="the extra `oidc` is not installed")

from joserfc.jwk import RSAKey

from serving.identity import ROLES, Use
from serving.key_file import Role
from serving.sign_in.paths import BACK, BEGIN, END, ENDED
from serving.sign_in.sessions import Ended
from tests.serving.routes_of import OPEN, methods_and_routes, use_of
from tests.serving.sign_in.openid_provider import CLIENT, SECRET, OpenIdProvider, running

Asking = Callable[..., None]


@pytest.fixture
def provider() -> Iterator[OpenIdProvider]:
    with running(OpenIdProvider(now=int(NOW.timestamp()))) as started:
        yield started


@pytest.fixture
def settings(home: Path, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write sign_in.toml for the provider; the pages are at http://localhost."""
    monkeypatch.setenv("CALLWORTH_OIDC_CLIENT_SECRET", SECRET)
    home.mkdir(exist_ok=True)
    file = home / "sign_in.toml"
    file.write_text(
        f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\npublic_url = "http://localhost"\n'
        'idle_minutes = 30\nlongest_minutes = 600\n[roles]\nmarketing = ["callworth-marketing"]\n'
        'scientist = ["callworth-science"]\n'
    )
    return file


async def led_back(ask: Any, page: str = "/offers") -> str:
    """Begin a sign-in and return the address by which the provider leads back."""
    asked = await ask.client.get(page)
    assert asked.status_code == 303 and "www-authenticate" not in asked.headers
    begun = await ask.client.get(asked.headers["location"])
    assert begun.status_code == 303
    async with httpx.AsyncClient() as browser:
        answered = await browser.get(begun.headers["location"])
    return str(answered.headers["location"])


async def signed_in(ask: Any) -> httpx.Response:
    """Sign in and return what the way back is answered with."""
    answer: httpx.Response = await ask.client.get(await led_back(ask))
    return answer


def of(answer: httpx.Response, name: str) -> str:
    """Return the Set-Cookie header of that name."""
    return next(one for one in answer.headers.get_list("set-cookie") if name in one)


def test_a_person_signs_in_comes_to_the_page_asked_for_and_signs_out(
    settings: Path, asking: Asking
) -> None:
    async def test(ask: Any) -> None:
        back = await ask.client.get(await led_back(ask, "/offers?sort=name"))
        assert (back.status_code, back.headers["location"]) == (303, "/offers?sort=name")
        cookie = of(back, "callworth-session")
        assert "; HttpOnly" in cookie and "; SameSite=Lax" in cookie and "; Path=/;" in cookie
        page = await ask.client.get("/offers")
        assert page.status_code == 200 and "Sign out jane@bank.example" in page.text
        kept = dict(ask.client.cookies)
        own = {"origin": "http://localhost", "sec-fetch-site": "same-origin"}
        assert (await ask.client.post("/sign-out", headers=own)).headers[
            "location"
        ] == "/signed-out"
        assert (await ask.client.get("/signed-out")).status_code == 200
        assert (await ask.client.get("/offers")).status_code == 303
        ask.client.cookies.update(kept)  # whoever kept the cookie has nothing by it
        assert (await ask.client.get("/offers")).status_code == 303

    asking(test)


def test_another_site_can_sign_nobody_out(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        await signed_in(ask)
        foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert (await ask.client.post("/sign-out", headers=foreign)).status_code == 403
        assert (await ask.client.get("/offers")).status_code == 200

    asking(test)


def test_keys_work_beside_the_sign_in_and_sessions_open_nothing_but_pages(
    settings: Path, home: Path, asking: Asking
) -> None:
    marketing = create_key(home, name="desk", role="marketing")

    async def test(ask: Any) -> None:
        assert (await ask.client.get("/offers", auth=("x", marketing))).status_code == 200
        assert (await ask.client.get("/offers", auth=("x", "wrong"))).status_code == 401
        await signed_in(ask)
        assert (await ask.client.get("/offers")).status_code == 200
        for method, path in (("GET", "/metrics"), ("POST", "/v1/decisions"), ("GET", "/v2")):
            assert (await ask.client.request(method, path)).status_code == 401

    asking(test)


def test_a_sign_in_closes_the_open_house(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        assert (await ask.decide()).status_code == 401
        assert (await ask.client.get("/metrics")).status_code == 401

    asking(test)


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"groups": ["callworth-marketing"]}, 200),
        ({"groups": "callworth-marketing"}, 200),
        ({"groups": ["callworth-science", "callworth-marketing"]}, 200),
        ({"groups": ["callworth-science"]}, 403),
    ],
)
def test_a_persons_groups_decide_what_they_may(
    settings: Path, provider: OpenIdProvider, asking: Asking, claims: dict[str, Any], status: int
) -> None:
    provider.claims = claims

    async def test(ask: Any) -> None:
        assert (await signed_in(ask)).status_code == 303
        assert (await ask.client.get("/offers")).status_code == status

    asking(test)


@pytest.mark.parametrize("groups", [["staff"], [], None, "marketing", 7, [["callworth-marketing"]]])
def test_whoever_is_in_no_group_of_ours_gets_no_session(
    settings: Path, provider: OpenIdProvider, asking: Asking, groups: object
) -> None:
    provider.claims = {"groups": groups}

    async def test(ask: Any) -> None:
        back = await signed_in(ask)
        assert back.status_code == 403 and "in none of the groups" in back.text
        assert "set-cookie" not in back.headers

    asking(test)


LIES: dict[str, dict[str, Any]] = {
    "of another nonce": {"claims": {"nonce": "another"}},
    "without a nonce": {"claims": {"nonce": None}},
    "that has expired": {"claims": {"exp": int(NOW.timestamp()) - 61}},
    "without an end": {"claims": {"exp": None}},
    "from the future": {"claims": {"iat": int(NOW.timestamp()) + 3600}},
    "for another client": {"claims": {"aud": "another"}},
    "for several and another's": {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
    "of another issuer": {"claims": {"iss": "https://evil.example"}},
    "without a subject": {"claims": {"sub": None}},
    "that nobody signed": {"unsigned": True},
    "of a key of its own": {"signed_by": RSAKey.generate_key(2048, {"kid": "first"})},
    "of a key nobody knows": {"signed_by": RSAKey.generate_key(2048, {"kid": "unknown"})},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_is_refused(
    settings: Path, provider: OpenIdProvider, asking: Asking, lie: str
) -> None:
    for name, value in LIES[lie].items():
        setattr(provider, name, value)

    async def test(ask: Any) -> None:
        back = await signed_in(ask)
        assert back.status_code == 400
        assert "ID token is not good" in back.text
        assert "set-cookie" not in back.headers
        assert (await ask.client.get("/offers")).status_code == 303

    asking(test)


@pytest.mark.parametrize("state", ["", "wrong", None])
def test_an_answer_of_another_state_is_refused(
    settings: Path, asking: Asking, state: str | None
) -> None:
    async def test(ask: Any) -> None:
        code = parse_qs(urlsplit(await led_back(ask)).query)["code"][0]
        given = {"code": code} | ({"state": state} if state is not None else {})
        back = await ask.client.get("/sign-in/back", params=given)
        assert back.status_code == 400 and "set-cookie" not in back.headers

    asking(test)


def test_an_answer_in_another_browser_is_refused(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        address = await led_back(ask)
        ask.client.cookies.clear()
        assert (await ask.client.get(address)).status_code == 400

    asking(test)


def test_a_code_is_good_once(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        address = await led_back(ask)
        kept = dict(ask.client.cookies)
        assert (await ask.client.get(address)).status_code == 303
        ask.client.cookies.clear()
        ask.client.cookies.update(kept)
        again = await ask.client.get(address)
        assert again.status_code == 400 and "set-cookie" not in again.headers

    asking(test)


def test_whoever_has_no_good_code_leaves_no_note_behind(
    settings: Path, home: Path, asking: Asking
) -> None:
    async def test(ask: Any) -> None:
        for code in ({"code": "made up"}, {"error": "access_denied"}):
            state = parse_qs(urlsplit(await led_back(ask)).query)["state"][0]
            back = await ask.client.get("/sign-in/back", params={"state": state, **code})
            assert back.status_code == 400
        assert not list(home.glob("sign_in/used/*"))

    asking(test)


def test_the_certificates_of_the_authorities_are_not_read_for_each_sign_in(
    settings: Path, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(ask: Any) -> None:
        address = await led_back(ask)
        monkeypatch.setattr(ssl, "create_default_context", None)  # 20 ms each, contacts wait
        assert (await ask.client.get(address)).status_code == 303

    asking(test)


def test_old_notes_are_looked_for_once_a_minute_and_removed(tmp_path: Path) -> None:
    ended = Ended(tmp_path)
    assert ended.end("a", now=1_000.0, keep_seconds=600)
    assert not ended.end("a", now=1_010.0, keep_seconds=600)
    assert ended.end("b", now=1_100.0, keep_seconds=600)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")  # as one that another worker removes
    assert ended.end("c", now=1_650.0, keep_seconds=600)
    assert "a" not in ended and "b" in ended and "c" in ended


def test_a_code_that_the_provider_has_taken_before_is_refused(
    settings: Path, asking: Asking
) -> None:
    async def test(ask: Any) -> None:
        used = parse_qs(urlsplit(await led_back(ask)).query)["code"][0]
        mine = parse_qs(urlsplit(await led_back(ask)).query)
        params = {"code": used, "state": mine["state"][0]}  # bound to another verifier
        back = await ask.client.get("/sign-in/back", params=params)
        assert back.status_code == 400 and "does not take the code" in back.text

    asking(test)


def test_a_refusal_of_the_provider_is_told_in_plain_letters(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        state = parse_qs(urlsplit(await led_back(ask)).query)["state"][0]
        params = {"state": state, "error": "access_denied<script>alert(1)</script>"}
        back = await ask.client.get("/sign-in/back", params=params)
        assert back.status_code == 400
        assert "access_denied" in back.text and "<script" not in back.text

    asking(test)


@pytest.mark.parametrize(
    "page",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example",
        "/offers\r\nset-cookie: x=1", "javascript:alert(1)", "", "/\\/evil.example", "offers",
    ],
)  # fmt: skip
def test_a_sign_in_leads_to_no_address_but_ours(settings: Path, asking: Asking, page: str) -> None:
    async def test(ask: Any) -> None:
        begun = await ask.client.get("/sign-in", params={"page": page})
        async with httpx.AsyncClient() as browser:
            answered = await browser.get(begun.headers["location"])
        back = await ask.client.get(answered.headers["location"])
        assert (back.status_code, back.headers["location"]) == (303, "/offers")

    asking(test)


@pytest.mark.parametrize(
    ("minutes", "steps", "good"),
    [
        (29, 1, True),
        (30, 1, False),  # idle for too long
        (20, 29, True),  # used again and again, for 580 minutes
        (20, 30, False),  # 600 minutes after it began, used or not
    ],
)
def test_a_session_ends_when_unused_and_when_old(
    settings: Path, asking: Asking, minutes: int, steps: int, good: bool
) -> None:
    async def test(ask: Any) -> None:
        await signed_in(ask)
        sessions = ask.parts.keys.sessions
        for step in range(1, steps + 1):
            now = NOW + timedelta(minutes=minutes * step)
            sessions._clock = now.timestamp
            answer = await ask.client.get("/offers")
        assert answer.status_code == (200 if good else 303)

    asking(test)


def test_a_cookie_that_was_changed_is_no_session(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        value = re.search(r"=([^;]+);", of(await signed_in(ask), "callworth-session"))[1]
        payload, _, signature = value.partition(".")
        for wrong in (
            f"{payload[:-4]}AAAA.{signature}", f"{payload}.", payload, "", f".{signature}",
            f"{payload}.{'0' * 64}", "é.é", f"{'x' * 5000}.{signature}",
        ):  # fmt: skip
            ask.client.cookies.clear()
            cookie = f"callworth-session={wrong}".encode()
            answer = await ask.client.get("/offers", headers={b"cookie": cookie})
            assert answer.status_code == 303, wrong

    asking(test)


def test_the_cookie_of_one_purpose_is_none_of_another(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        begun = await ask.client.get("/sign-in")
        value = re.search(r"=([^;]+);", begun.headers["set-cookie"])[1]
        ask.client.cookies.clear()
        ask.client.cookies.set("callworth-session", value)
        assert (await ask.client.get("/offers")).status_code == 303

    asking(test)


def test_a_new_key_of_the_provider_is_fetched(
    settings: Path,
    provider: OpenIdProvider,
    asking: Asking,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("serving.sign_in.provider._KEYS_PAUSE_SECONDS", 0.0)

    async def test(ask: Any) -> None:
        await signed_in(ask)
        provider.rotate_key("second")
        ask.client.cookies.clear()
        assert (await signed_in(ask)).status_code == 303

    asking(test)


def test_a_provider_that_names_another_issuer_is_not_believed(
    settings: Path, provider: OpenIdProvider, asking: Asking
) -> None:
    provider.named_issuer = "https://evil.example"

    async def test(ask: Any) -> None:
        begun = await ask.client.get("/sign-in")
        assert begun.status_code == 503 and "another issuer" in begun.text

    asking(test)


def test_a_provider_that_is_down_is_told_and_keys_go_on(
    settings: Path, home: Path, provider: OpenIdProvider, asking: Asking
) -> None:
    settings.write_text(settings.read_text().replace(provider.issuer, "http://127.0.0.1:9"))
    desk = create_key(home, name="desk", role="marketing")

    async def test(ask: Any) -> None:
        assert (await ask.client.get("/sign-in")).status_code == 503
        assert (await ask.client.get("/offers", auth=("x", desk))).status_code == 200

    asking(test)


def test_over_tls_the_cookie_is_for_tls_and_this_host_alone(settings: Path, asking: Asking) -> None:
    settings.write_text(settings.read_text().replace("http://localhost", "https://localhost"))

    async def test(ask: Any) -> None:
        cookie = (await ask.client.get("https://localhost/sign-in")).headers["set-cookie"]
        assert cookie.startswith("__Host-callworth-sign-in=") and cookie.endswith("; Secure")

    asking(test)


@pytest.mark.parametrize("role", Role)
def test_a_session_opens_the_pages_of_its_role_and_no_other_route(
    settings: Path, asking: Asking, role: Role
) -> None:
    async def test(ask: Any) -> None:
        cookie = ask.parts.sign_in.sessions.begin("jane", role).partition(";")[0]
        pages = 0
        for method, route in methods_and_routes(ask.app):
            use = use_of(method, route)
            if use is None:
                continue
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            status = (
                await ask.client.request(method, path, headers={"cookie": cookie})
            ).status_code
            if use in (Use.SEE_PAGES, Use.CHANGE_OFFERS):
                pages += 1
                assert (status == 403) is (role not in ROLES[use]), (method, path, status)
                assert status != 303
            else:
                assert status == 401, (method, path, status)
        assert pages > 15

    asking(test)


def test_the_sign_in_adds_its_own_four_routes_and_no_more(settings: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        undeclared = {
            (method, route.path)
            for method, route in methods_and_routes(ask.app)
            if use_of(method, route) is None
        }
        mine = {("GET", BEGIN), ("GET", BACK), ("POST", END), ("GET", ENDED)}
        assert undeclared - set(OPEN) == mine

    asking(test)
