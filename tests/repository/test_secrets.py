"""No secret lies in the repository: keys, tokens and passwords are made where they are used."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

KINDS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64,}",
    "a key of ours": r"\bcw_[A-Za-z0-9_-]{43}\b",
    "a key of AWS": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a token of GitHub": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "a key of Google": r"\bAIza[A-Za-z0-9_-]{35}\b",
    "a token of Twilio": r"\bSK[0-9a-f]{32}\b",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "a password in an address": r"\b[a-z][a-z0-9+]*://[^\s:/@{}\"'<>]+:[^\s/@{}\"'<>$]{6,}@[\w.-]+",
    "a password that is assigned": (
        r"(?i)\b(?:password|passwd|secret|token|api_?key)\b[\"']?\s*[:=]\s*"
        r"[\"'](?=[^\"']*\d)(?=[^\"']*[a-z])[A-Za-z0-9+/=_-]{20,}[\"']"
    ),
}
# What looks like one and is none, with its reason.
HARMLESS = {
    ("tests/serving/test_log_place.py", "a password in an address"): "of no server there is",
}


def found_in(text: str) -> set[str]:
    """Return which kinds of secret stand in a text."""
    return {kind for kind, pattern in KINDS.items() if re.search(pattern, text)}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhki" * 5, "a private key"),
        ("key: cw_" + "aB3-_" * 8 + "xyz", "a key of ours"),
        ("AKIA" + "ABCDEFGH23456789", "a key of AWS"),
        ("ghp_" + "a1B2" * 9, "a token of GitHub"),
        ("AIza" + "a1B2c3D" * 5, "a key of Google"),
        ("postgresql://app:" + "hunter22" + "@db.bank.example/log", "a password in an address"),
        ("password = '" + "correcthorse1battery2" + "'", "a password that is assigned"),
        ('"api_key": "' + "0123456789abcdef0123" + '"', "a password that is assigned"),
    ],
)
def test_the_scan_sees_what_it_is_for(text: str, kind: str) -> None:
    assert kind in found_in(text)


def test_no_secret_lies_in_the_repository(root: Path) -> None:
    asked = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout: which files belong to it is not known")
    files = [name for name in listed.stdout.split("\0") if name and (root / name).is_file()]
    assert len(files) > 100
    found = {
        (name, kind)
        for name in files
        for kind in found_in((root / name).read_text(encoding="utf-8", errors="replace"))
    }
    assert found - {("tests/repository/test_secrets.py", kind) for kind in KINDS} == set(HARMLESS)
