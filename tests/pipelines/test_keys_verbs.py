"""The verbs of keys, as an operator types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.key_file import read_keys

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def keys(tmp_path: Path) -> Run:
    """Return a function that runs `callworth keys ...` over one home."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "keys", *words, "--home", "home"],
            cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip

    return run


def said(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o750), (0o002, 0o770), (0o077, 0o700)])
def test_what_a_verb_makes_is_closed_to_other_users(
    keys: Run, tmp_path: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        assert keys("create", "pbx", "--role", "router").returncode == 0
    finally:
        os.umask(before)
    assert (tmp_path / "home").stat().st_mode & 0o777 == mode


def test_a_key_is_made_listed_rotated_and_revoked(keys: Run, tmp_path: Path) -> None:
    made = said(
        keys("create", "pbx", "--role", "router", "--rate", "50", "--ends", "2099-01-01", "--json")
    )
    second = said(keys("rotate", "pbx", "--json"))
    assert made["key"].startswith("cw_") and second["key"].startswith("cw_")
    assert made["key"] != second["key"]
    (listed,) = said(keys("list", "--json"))["keys"]
    assert listed == {
        "name": "pbx", "role": "router", "secrets": 2, "ends": "2099-01-01T00:00:00+00:00",
        "ended": False, "requests_per_second": 50.0, "burst": 50.0,
    }  # fmt: skip
    assert said(keys("rotate", "pbx", "--retire", "--json"))["retired"] is True
    assert said(keys("revoke", "pbx", "--json"))["revoked"] is True
    (listed,) = said(keys("list", "--json"))["keys"]
    assert (listed["secrets"], listed["ended"]) == (1, True)
    text = (tmp_path / "home" / "keys.toml").read_text()
    assert made["key"] not in text and second["key"] not in text


def test_a_secret_is_shown_whole_and_once_to_a_person_too(keys: Run) -> None:
    done = keys("create", "desk", "--role", "marketing")
    assert done.stdout.count("cw_") == 1 and "cw_" not in done.stderr
    secret = next(word for word in done.stdout.split() if word.startswith("cw_"))
    assert len(secret) == 46
    assert secret not in keys("list").stdout


def test_the_keys_file_that_the_server_follows_is_the_one_changed(
    keys: Run, tmp_path: Path
) -> None:
    file = tmp_path / "elsewhere.toml"
    said(keys("create", "pbx", "--role", "router", "--json", CALLWORTH_KEYS=str(file)))
    assert [key.name for key in read_keys(file)] == ["pbx"]
    assert not (tmp_path / "home" / "keys.toml").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("rotate", "nobody"), "keys create"),
        (("revoke", "../../etc/passwd"), "keys create"),
        (("create", "../x", "--role", "router"), "cannot name a key"),
        (("create", 'x"\nrole="router', "--role", "router"), "cannot name a key"),
        (("create", "x", "--role", "king"), "Roles are"),
        (("create", "x", "--role", "router", "--burst", "5"), "--rate"),
        (("create", "x", "--role", "router", "--rate", "0"), "--rate"),
        (("create", "x", "--role", "router", "--ends", "soon"), "not a time"),
        (("list",), "keys create"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_fix(
    keys: Run, tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    done = keys(*words)
    assert done.returncode in (2, 3)
    assert named in done.stderr.replace("\n", " ") and "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "keys.toml").exists()
