"""`mlflow run .` runs the verbs of the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def commands(root: Path) -> dict[str, str]:
    project = yaml.safe_load((root / "MLproject").read_text())
    assert not {"python_env", "conda_env", "docker_env"} & set(project)
    return {name: entry["command"] for name, entry in project["entry_points"].items()}


def test_every_entry_uses_the_environment_of_this_folder(commands: dict[str, str]) -> None:
    assert {"main", "train", "promote", "rollback"} <= set(commands)
    for command in commands.values():
        assert command.startswith('PATH="$PWD/.venv/bin:$PATH" python -m pipelines.cli ')


def test_every_entry_names_a_verb_and_options_that_exist(
    root: Path, commands: dict[str, str]
) -> None:
    for command in dict.fromkeys(commands.values()):
        verb = command.split("pipelines.cli ")[1].split()[0]
        asked = [sys.executable, "-m", "pipelines.cli", verb, "--help"]
        shown = subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True).stdout
        for option in re.findall(r"--[a-z-]+", command):
            assert option in shown, f"{verb} has no {option}"
