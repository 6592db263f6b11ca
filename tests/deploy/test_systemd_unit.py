"""The systemd unit is one that systemd takes, and it shuts the server in."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
# On systemd's scale from 0 (shut in) to 10 (unconfined).
MOST_EXPOSED = 2.5


@pytest.fixture
def unit(root: Path) -> Path:
    return root / "deploy" / "callworth.service"


def _service(unit: Path) -> dict[str, list[str]]:
    """Return the values of [Service], each key with all its lines."""
    told: dict[str, list[str]] = {}
    section = unit.read_text().split("[Service]")[1].split("[Install]")[0]
    for line in section.splitlines():
        if "=" in line:
            key, _, value = line.partition("=")
            told.setdefault(key, []).append(value)
    return told


def test_it_restarts_and_is_shut_in(unit: Path) -> None:
    told = _service(unit)
    assert told["User"] == ["callworth"]
    for key, value in {
        "Restart": "always",
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "StateDirectory": "callworth",
        "CapabilityBoundingSet": "",
        "LimitNOFILE": "65536",
    }.items():
        assert told[key] == [value], key


def test_it_sets_only_variables_that_the_server_reads(unit: Path, root: Path) -> None:
    guide = (root / "docs" / "http.md").read_text()
    for variable in _service(unit)["Environment"]:
        name = variable.partition("=")[0]
        assert name.startswith("PYTHON") or f"`{name}`" in guide, name


def test_it_has_the_three_sections_that_systemd_knows(unit: Path) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(unit)
    assert parser.sections() == ["Unit", "Service", "Install"]


@needs_systemd
def test_systemd_finds_no_fault_in_it(unit: Path, tmp_path: Path) -> None:
    program = f"ExecStart={sys.executable} serve"  # the installed one is not here
    text = re.sub(r"^ExecStart=\S+ serve$", program, unit.read_text(), flags=re.MULTILINE)
    assert program in text
    copy = tmp_path / unit.name
    copy.write_text(re.sub(r"^Documentation=.*$", "", text, flags=re.MULTILINE))
    said = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", str(copy)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    ours = [line for line in said.stderr.splitlines() if unit.name in line]
    assert ours == []


@needs_systemd
def test_systemd_says_that_it_is_little_exposed(unit: Path) -> None:
    said = subprocess.run(
        [str(ANALYZE), "security", "--no-pager", "--offline=true", str(unit)],
        check=False,
        capture_output=True,
        text=True,
    )
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
    if level is None:
        pytest.skip(f"this systemd cannot look at a file: {said.stderr.strip()[:80]}")
    assert float(level[1]) <= MOST_EXPOSED
