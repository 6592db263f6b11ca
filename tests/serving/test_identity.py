from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.errors import KeysFileError, KeysRequiredError
from serving.identity import ROLES, KeyRing, Use
from serving.key_changes import create_key
from serving.key_file import Role, read_keys
from serving.run import serve
from serving.settings import Settings

Asking = Callable[..., None]

# What each role may ask for; the rest is refused with 403.
ASKED = {
    Use.DECIDE: ("POST", "/v1/decisions"),
    Use.PREDICT: ("POST", "/v1/predictions"),
    Use.READ_STRATEGIES: ("GET", "/v1/strategies/x"),
    Use.REPORT_OUTCOMES: ("POST", "/v1/outcomes"),
    Use.READ_METRICS: ("GET", "/metrics"),
    Use.SEE_PAGES: ("GET", "/offers"),
}


def test_a_key_is_shown_once_and_only_its_hash_is_kept(home: Path) -> None:
    secret = create_key(home, name="pbx", role="router")
    text = (home / "keys.toml").read_text()
    assert secret not in text
    assert [(key.name, key.role) for key in read_keys(home / "keys.toml")] == [("pbx", Role.ROUTER)]
    assert stat.S_IMODE((home / "keys.toml").stat().st_mode) == 0o600


def test_keys_are_added_and_a_name_is_taken_once(home: Path) -> None:
    first = create_key(home, name="pbx", role="router")
    second = create_key(home, name="desk", role="marketing")
    assert first != second
    assert len(read_keys(home / "keys.toml")) == 2
    with pytest.raises(KeysFileError, match="has a key 'pbx' already"):
        create_key(home, name="pbx", role="router")


@pytest.mark.parametrize(("name", "role"), [('x"', "router"), ("", "router"), ("ok", "king")])
def test_a_name_or_role_that_cannot_be_is_refused(home: Path, name: str, role: str) -> None:
    with pytest.raises(KeysFileError):
        create_key(home, name=name, role=role)
    assert not (home / "keys.toml").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "callworth.example.org"])
def test_the_server_refuses_other_machines_without_keys(home: Path, host: str) -> None:
    with pytest.raises(KeysRequiredError, match="callworth keys create"):
        serve(Settings(home=home, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_on_this_machine_no_key_is_asked_for(home: Path, host: str) -> None:
    assert KeyRing.opened(Settings(home=home, host=host)).open_house


def test_an_empty_keys_file_does_not_open_the_door_to_other_machines(home: Path) -> None:
    home.mkdir()
    (home / "keys.toml").write_text("")
    with pytest.raises(KeysFileError):
        KeyRing.opened(Settings(home=home, host="0.0.0.0"))


@pytest.mark.parametrize(
    "text", ["[[keys]", "keys = 3", '[[keys]]\nname = "a"\nrole = "king"', '[[keys]]\nname = "a"']
)
def test_a_broken_keys_file_is_refused_at_the_start(home: Path, text: str) -> None:
    home.mkdir()
    (home / "keys.toml").write_text(text)
    with pytest.raises(KeysFileError, match=r"keys\.toml"):
        KeyRing.opened(Settings(home=home))


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    home: Path, asking: Asking, role: Role
) -> None:
    secret = create_key(home, name="one", role=role)

    async def test(ask: Any) -> None:
        for use, (method, path) in ASKED.items():
            answer = await ask.client.request(
                method, path, headers={"authorization": f"Bearer {secret}"}
            )
            if role in ROLES[use]:
                assert answer.status_code not in (401, 403), use
            else:
                assert answer.status_code == 403, use
                assert answer.json()["allowed"] == sorted(ROLES[use])

    asking(test)


def test_a_key_is_taken_as_bearer_as_header_and_as_password(home: Path, asking: Asking) -> None:
    secret = create_key(home, name="desk", role="scientist")
    basic = base64.b64encode(f"anyone:{secret}".encode()).decode()
    ways = (
        {"authorization": f"Bearer {secret}"},
        {"authorization": f"bearer  {secret} "},
        {"x-api-key": secret},
        {"authorization": f"Basic {basic}"},
    )

    async def test(ask: Any) -> None:
        for headers in ways:
            answer = await ask.client.get("/metrics", headers=headers)
            assert answer.status_code == 200, headers

    asking(test)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic bm90aGluZw=="},
        {"x-api-key": ""},
        {"authorization": "Digest x"},
    ],
)
def test_without_a_known_key_the_answer_is_401_and_says_how_to_sign_in(
    home: Path, asking: Asking, headers: dict[str, str]
) -> None:
    create_key(home, name="pbx", role="router")

    async def test(ask: Any) -> None:
        answer = await ask.client.post("/v1/decisions", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        page = await ask.client.get("/offers", headers=headers)
        assert page.status_code == 401
        assert page.headers["www-authenticate"].startswith("Basic")

    asking(test)


def test_health_and_the_api_page_need_no_key(home: Path, asking: Asking) -> None:
    create_key(home, name="pbx", role="router")

    async def test(ask: Any) -> None:
        for path in ("/health/live", "/health/ready", "/docs", "/openapi.json"):
            assert (await ask.client.get(path)).status_code == 200

    asking(test)


def test_a_key_made_while_the_server_runs_closes_the_open_house(home: Path, asking: Asking) -> None:
    async def test(ask: Any) -> None:
        assert (await ask.decide()).status_code == 200
        secret = create_key(home, name="pbx", role="router")
        ask.parts.keys._look_at = 0.0
        assert (await ask.decide()).status_code == 401
        ask.client.headers["x-api-key"] = secret
        assert (await ask.decide()).status_code == 200

    asking(test)


@pytest.mark.parametrize("harm", ["vanishes", "breaks"])
def test_a_keys_file_that_goes_wrong_leaves_the_keys_in_force(
    home: Path, asking: Asking, harm: str
) -> None:
    secret = create_key(home, name="pbx", role="router")

    async def test(ask: Any) -> None:
        if harm == "vanishes":
            (home / "keys.toml").unlink()
        else:
            (home / "keys.toml").write_text("[[")
        ask.parts.keys._look_at = 0.0
        assert (await ask.decide()).status_code == 401
        ask.client.headers["x-api-key"] = secret
        assert (await ask.decide()).status_code == 200
        degraded = (await ask.client.get("/health/ready")).json()["degraded"]
        assert any("stay in force" in trouble for trouble in degraded)

    asking(test)


@pytest.mark.parametrize("harm", ["vanishes", "breaks"])
def test_a_keys_file_that_is_put_back_unchanged_is_no_trouble_any_more(
    home: Path, asking: Asking, harm: str
) -> None:
    create_key(home, name="pbx", role="router")
    file, aside = home / "keys.toml", home / "aside.toml"

    async def test(ask: Any) -> None:
        async def degraded() -> str:
            ask.parts.keys._look_at = 0.0
            await ask.decide()
            return " ".join((await ask.client.get("/health/ready")).json()["degraded"])

        assert "keys.toml" not in await degraded()
        file.rename(aside)
        if harm == "breaks":
            file.write_text("[[")
        assert "stay in force" in await degraded()
        aside.rename(file)
        assert "keys.toml" not in await degraded()

    asking(test)


def test_a_first_keys_file_that_is_broken_closes_the_open_house(home: Path, asking: Asking) -> None:
    home.mkdir()

    async def test(ask: Any) -> None:
        assert (await ask.decide()).status_code == 200
        (home / "keys.toml").write_text("[[")
        ask.parts.keys._look_at = 0.0
        assert (await ask.decide()).status_code == 401
        degraded = (await ask.client.get("/health/ready")).json()["degraded"]
        assert any("until it is mended" in trouble for trouble in degraded)

    asking(test)


def test_an_open_house_answers_only_to_its_own_name(asking: Asking) -> None:
    async def test(ask: Any) -> None:
        for host in ("localhost", "localhost:8350", "127.0.0.1:1", "[::1]:8350", "LOCALHOST"):
            assert (await ask.client.get("/metrics", headers={"host": host})).status_code == 200
        for host in ("evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:80"):
            answer = await ask.client.get("/metrics", headers={"host": host})
            assert (answer.status_code, answer.json()["field"]) == (421, "host")

    asking(test)


@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "forwarded", "x-forwarded-host", "x-real-ip", "via"]
)
def test_an_open_house_is_not_open_to_whom_a_proxy_lets_in(
    home: Path, asking: Asking, header: str
) -> None:
    async def test(ask: Any) -> None:
        answer = await ask.client.get("/metrics", headers={header: "192.0.2.7"})
        assert (answer.status_code, answer.json()["field"]) == (421, header)
        decided = await ask.client.post("/v1/decisions", headers={header: "192.0.2.7"})
        assert decided.status_code == 421
        secret = create_key(home, name="watch", role="scientist")
        ask.parts.keys._look_at = 0.0
        behind = {header: "192.0.2.7", "x-api-key": secret}
        assert (await ask.client.get("/metrics", headers=behind)).status_code == 200

    asking(test)
