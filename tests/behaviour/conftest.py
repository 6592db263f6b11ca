"""One small insurer, led through the main job by the command line, once for all tests here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Demo:
    home: Path
    said: str
    result: dict[str, Any]


def callworth(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("a path with spaces")
    ran = callworth(
        "demo", "--no-serve", "--customers", "6000", "--home", "home", "--json", cwd=folder
    )
    assert ran.returncode == 0, ran.stderr
    return Demo(folder / "home", ran.stderr, json.loads(ran.stdout))
