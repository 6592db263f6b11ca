from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from serving.key_file import Role
from serving.sign_in.errors import SignInFileError
from serving.sign_in.opening import open_sign_in
from serving.sign_in.settings_file import read_sign_in

GOOD = """
issuer = "https://login.bank.example/realms/staff"
client_id = "callworth"
public_url = "https://callworth.bank.example"
[roles]
marketing = ["callworth-marketing"]
"""


def written(home: Path, text: str) -> Path:
    home.mkdir(exist_ok=True)
    (home / "sign_in.toml").write_text(text)
    return home


def test_without_the_file_nobody_signs_in(home: Path) -> None:
    assert read_sign_in(home) is None
    assert open_sign_in(home) is None


def test_the_example_of_the_docs_is_taken(home: Path, root: Path) -> None:
    page = (root / "docs" / "security.md").read_text()
    example = next(part for part in page.split("```")[1::2] if "issuer" in part)
    text = example.removeprefix("toml").replace("/etc/callworth/oidc", str(home / "secret"))
    written(home, text)
    (home / "secret").write_text("ours\n")
    found = read_sign_in(home)
    assert found is not None and found.roles == {Role.MARKETING: ["callworth-marketing"]}
    assert found.client_secret() == "ours" and found.secure


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (GOOD.replace("https://login", "http://login"), "issuer"),
        (GOOD.replace("https://callworth", "http://callworth"), "public_url"),
        (GOOD.replace("callworth.bank.example", "callworth.bank.example/pages"), "public_url"),
        (GOOD.replace("client_id", "client"), "client"),
        (GOOD.replace("marketing =", "king ="), "king"),
        (GOOD.replace('"callworth"', '"callworth"\nidle_minutes = 0'), "idle_minutes"),
        (GOOD.replace('"callworth"', '"callworth"\nclient_secret_file = "/none"'), "secret_file"),
        ("issuer = ", "sign_in.toml"),
        ("", "sign_in.toml"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_its_place(
    home: Path, wrong: str, named: str
) -> None:
    with pytest.raises(SignInFileError, match=named):
        read_sign_in(written(home, wrong))


@pytest.mark.skipif(importlib.util.find_spec("authlib") is not None, reason="the extra is there")
def test_a_missing_extra_is_named_with_the_command_that_brings_it(home: Path) -> None:
    with pytest.raises(SignInFileError, match=r"callworth\[oidc\]"):
        open_sign_in(written(home, GOOD))


def test_a_server_without_the_file_imports_nothing_of_the_extra(root: Path, home: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from serving.app import build_app;"
        f" from serving.settings import Settings; build_app(Settings(home=Path({str(home)!r})));"
        " assert not {'authlib', 'joserfc', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=root, check=True)
