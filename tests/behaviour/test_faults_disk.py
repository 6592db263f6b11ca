"""Whatever befalls disk or clock under load: answers go on, and the log says what it lacks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.behaviour.load import (
    check_answered,
    check_logged,
    durably,
    strategies,
    under_load,
    wait_for_more,
)
from tests.behaviour.running_server import Running, logged, publish, running_server, wait_until

_STUCK = 500
FAULTY = (str(Path(__file__).with_name("faulty_server.py")),)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """Mount a file system of its own for as long as the block runs."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount the small disk that this test fills")
    place.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", *options, str(place)], check=False, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def is_full(server: Running) -> bool:
    """Return whether decisions wait for a full disk, so many that the next try does not help."""
    state = server.ready()
    return state["log"]["waiting"] > _STUCK and "full" in str(state["degraded"])


def test_on_a_full_disk_all_are_answered_and_logged_once_there_is_room(
    root: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    publish(home)
    with mounted(home / "log", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
        with running_server(root, home) as server:
            with under_load(server.port) as answers:
                wait_until(lambda: is_full(server), why=server.output)
                wait_for_more(answers, 300)
                with under_load(server.port, routers=1, contact=_durably_when_full) as durable:
                    wait_for_more(durable, 10)
            assert {one.logged for one in durable} == {"queued"}, "nothing is promised"
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            wait_until(lambda: server.ready()["log"]["waiting"] == 0, why=server.output)
            assert not any("log" in one for one in server.ready()["degraded"])
            server.end()
        check_answered([*answers, *durable])
        assert len(strategies(answers)) == len(answers)
        check_logged(home, [*answers, *durable])


def _durably_when_full(number: int) -> dict[str, object]:
    return {**durably(number), "contact_id": f"durable-{number}"}


def test_what_a_full_disk_cost_is_told_in_the_log(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    publish(home)
    with mounted(home / "log", "-t", "tmpfs", "-o", "size=1m", "tmpfs") as disk:
        with running_server(root, home) as server:
            with under_load(server.port) as answers:
                wait_until(lambda: is_full(server), why=server.output)
                wait_for_more(answers, 100)
            server.end()  # the disk is full to the end: what waits is lost
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        with running_server(root, home) as server:
            with under_load(server.port, routers=1, contact=_durably_when_full) as after:
                wait_for_more(after, 10)
            server.end()
        check_answered([*answers, *after])
        check_logged(home, after)
        gaps = logged(home, "SELECT began_at, ended_at, why FROM gaps")
        written = {contact_id for _, contact_id in logged(home)}
    lost = [one for one in answers if one.contact_id not in written]
    assert lost
    assert gaps, f"{len(lost)} decisions are missing, and the log does not say so"


def test_in_a_home_that_cannot_be_written_all_are_answered(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with mounted(home, "-t", "tmpfs", "-o", "size=16m", "tmpfs"):
        publish(home)
        subprocess.run(["mount", "-o", "remount,ro", str(home)], check=True)
        with running_server(root, home) as server:
            with under_load(server.port) as answers:
                wait_for_more(answers, 300)
            degraded = server.ready()["degraded"]
            subprocess.run(["mount", "-o", "remount,rw", str(home)], check=True)
            wait_until(lambda: server.ready()["log"]["waiting"] == 0, why=server.output)
            server.end()
        check_answered(answers)
        assert len(strategies(answers)) == len(answers)
        assert any("log" in one for one in degraded)
        check_logged(home, answers)


def test_nobody_waits_for_a_slow_disk_but_for_a_promise(root: Path, tmp_path: Path) -> None:
    home, commit_seconds = tmp_path / "home", 1.0
    publish(home)
    with running_server(root, home, script=FAULTY) as server:
        (home / "commit_seconds").write_text(str(commit_seconds))
        began = time.monotonic()
        with under_load(server.port, routers=1) as answers:
            wait_for_more(answers, 200)
        took = time.monotonic() - began
        with under_load(server.port, routers=1, contact=_durably_when_full) as durable:
            wait_for_more(durable, 10)
        (home / "commit_seconds").write_text("0")
        server.end()
    check_answered([*answers, *durable])
    assert took < 200 * commit_seconds / 4, "each would have waited for a commit"
    assert "queued" in {one.logged for one in durable}, "nobody waits longer than a bound"
    check_logged(home, [*answers, *durable])


def test_a_clock_that_jumps_harms_neither_answers_nor_log(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    publish(home)
    with running_server(root, home, script=FAULTY) as server:
        with under_load(server.port, contact=durably) as answers:
            for hours in (0, -24, 24 * 365, -24 * 365, 0, 1):
                (home / "clock_hours").write_text(str(hours))
                wait_for_more(answers, 60)
        server.end()
    check_answered(answers)
    assert len(strategies(answers)) == len(answers)
    check_logged(home, answers)
    days = {row[0] for row in logged(home, "SELECT substr(decided_at, 1, 10) FROM decisions")}
    assert len(days) >= 4
