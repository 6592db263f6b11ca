"""The command line teaches, fails with a sentence and a fix, and its page is complete."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from pipelines.cli.options import instant
from pipelines.cli.program import app

FOUND, REFUSED, USAGE, FAILED = 0, 1, 2, 3


def callworth(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def verbs() -> list[str]:
    group = typer.main.get_command(app)
    found = []
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        found += [f"{name} {verb}" for verb in inner] if inner else [name]
    return found


def test_every_verb_has_a_section_in_its_page(root: Path) -> None:
    page = (root / "docs" / "command_line.md").read_text()
    assert set(re.findall(r"^## `callworth ([a-z -]+)`", page, flags=re.MULTILINE)) == set(verbs())


def test_every_option_is_explained() -> None:
    group = typer.main.get_command(app)
    commands = [
        command
        for top in group.commands.values()
        for command in (getattr(top, "commands", None) or {"": top}).values()
    ]
    silent = [
        f"{command.name} {parameter.name}"
        for command in commands
        for parameter in command.params
        if not getattr(parameter, "help", "")
    ]
    assert not silent
    assert all(command.help for command in commands)


def test_help_names_the_main_job_and_the_exit_codes(tmp_path: Path) -> None:
    said = callworth("--help", cwd=tmp_path)
    assert said.returncode == FOUND
    for word in ("generate", "train", "promote", "strategies", "130 interrupted"):
        assert word in said.stdout


def test_a_pipe_gets_plain_text(tmp_path: Path) -> None:
    assert "\x1b[" not in callworth("--help", cwd=tmp_path).stdout


def test_an_expected_failure_is_a_sentence_with_its_fix(tmp_path: Path) -> None:
    said = callworth("features", "--home", "nowhere", cwd=tmp_path)
    assert said.returncode == FAILED
    assert "error:" in said.stderr
    assert "fix:" in said.stderr
    assert "Traceback" not in said.stderr


def test_wrong_use_is_exit_code_two(tmp_path: Path) -> None:
    assert callworth("generate", "--customers", "many", cwd=tmp_path).returncode == USAGE


def test_the_program_starts_without_the_libraries_that_learn(tmp_path: Path) -> None:
    probe = (
        "import sys, pipelines.cli.program;"
        "print([m for m in ('pandas','sklearn','mlflow','feast','duckdb') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"


def test_a_server_starts_without_what_the_other_verbs_need(tmp_path: Path) -> None:
    probe = (
        "import sys, pipelines.cli.serve_alone;"
        "print([m for m in ('rich','numpy','pipelines.cli.program') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"


def test_serve_alone_ends_as_it_does_among_the_others(tmp_path: Path) -> None:
    assert callworth("serve", "--port", "many", cwd=tmp_path).returncode == USAGE
    said = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "serve"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "CALLWORTH_WORKERS": "many"},
        timeout=120,
        check=False,
    )
    assert said.returncode == FAILED
    assert "CALLWORTH_WORKERS is 'many'" in said.stderr
    assert "fix:" in said.stderr


def test_generate_then_check_passes(tmp_path: Path) -> None:
    made = callworth("generate", "--customers", "300", "--home", "h", cwd=tmp_path)
    assert made.returncode == FOUND, made.stderr
    checked = callworth("check", "--home", "h", "--json", cwd=tmp_path)
    assert checked.returncode == FOUND, checked.stderr
    assert json.loads(checked.stdout)["exit_code"] == 0


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T02:00:00+02:00", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T09:30:00Z", "2026-11-01T09:30:00+00:00"),
    ],
)
def test_an_instant_is_read_as_utc(text: str, iso: str) -> None:
    assert instant(text).isoformat() == iso


def test_an_interrupt_that_a_callback_swallows_still_ends_the_program(tmp_path: Path) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import gc, os, signal, time, weakref\n"
        "import pipelines.cli.program as program\n"
        "class Held: pass\n"
        "def work(**_):\n"
        "    held = Held()\n"
        "    watch = weakref.ref(held, lambda _: os.kill(os.getpid(), signal.SIGINT))\n"
        "    del held\n"
        "    for _ in range(300): time.sleep(0.01)\n"
        "program.app = work\n"
        "program.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, str(probe)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 130, ended
    assert "Traceback" not in ended.stderr
