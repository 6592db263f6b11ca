"""Ctrl-C, or a kill, at any moment leaves no half-written result; the same command completes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipelines.running import free_port

# -2: the interpreter itself was still starting; a shell reports 130 for it too.
INTERRUPTED = (130, -signal.SIGINT)


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", *arguments, "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def seconds_of(home: Path, *arguments: str) -> float:
    """How long the verb takes here and now, so that the interruptions fall inside it."""
    begun = time.perf_counter()
    process = started(home, *arguments)
    said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return time.perf_counter() - begun


def visible(folder: Path) -> set[str]:
    """Every result file below the folder, by its path; hidden work in progress does not count."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.parts)
    }


def interrupted(home: Path, *arguments: str, after: float, by: signal.Signals) -> int:
    process = started(home, *arguments)
    time.sleep(after)
    if process.poll() is None:
        os.killpg(process.pid, by)
    _, errors = process.communicate(timeout=120)
    assert "Traceback" not in errors
    return process.returncode


@pytest.fixture
def instants() -> list[float]:
    """Shares of the verb's whole time at which it is stopped, the same in every run."""
    return np.random.default_rng(7).uniform(0.1, 0.95, size=2).tolist()


def test_an_interrupted_generate_leaves_nothing_and_then_completes(
    tmp_path: Path, instants: list[float]
) -> None:
    verb = ("generate", "--customers", "20000")
    whole = seconds_of(tmp_path / "whole", *verb)
    expected = visible(tmp_path / "whole")
    for share in instants:
        home = tmp_path / f"home {share:.3f}"
        code = interrupted(home, *verb, after=share * whole, by=signal.SIGINT)
        assert code in (0, *INTERRUPTED)
        assert visible(home) in (set(), expected)
        seconds_of(home, *verb)
        assert visible(home) == expected


@pytest.mark.parametrize(
    "verb",
    [
        pytest.param(("features",), id="features"),
        pytest.param(("strategies", "form"), id="form", marks=pytest.mark.slow),
        pytest.param(("check",), id="check"),
    ],
)
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_a_stopped_verb_leaves_whole_results_and_then_completes(
    demo, tmp_path: Path, verb: tuple[str, ...], by: signal.Signals, instants: list[float]
) -> None:
    home = tmp_path / "home"
    shutil.copytree(demo.home, home)
    whole = seconds_of(home, *verb)
    for share in instants:
        interrupted(home, *verb, after=share * whole, by=by)
        published = started(home, "strategies", "show", "c0000012")
        said, errors = published.communicate(timeout=60)
        assert published.returncode == 0, errors
        assert "value group" in said
    seconds_of(home, *verb)
    assert not list((home / "features").glob(".*.tmp"))


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_server_is_success(demo, by: signal.Signals) -> None:
    process = started(demo.home, "serve", "--port", str(free_port(0)))
    assert process.stderr is not None
    assert "answers at" in process.stderr.readline()
    time.sleep(1)
    process.send_signal(by)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Interrupted" not in errors
