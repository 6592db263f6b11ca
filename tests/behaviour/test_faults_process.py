"""Whatever befalls the processes under load: each contact gets a route, and no promise is lost."""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

import pytest

from tests.behaviour.load import (
    Contact,
    check_answered,
    check_logged,
    durably,
    known_caller,
    strategies,
    under_load,
    wait_for_more,
)
from tests.behaviour.running_server import logged, publish, running_server, wait_until

needs_proc = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="workers are found under /proc, which is Linux's"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "a home"
    publish(home)
    return home


def children(parent: int) -> list[int]:
    """Return the processes that serve under this one."""
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(one) for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def logging_workers(parent: int) -> list[int]:
    """Return those of them that have answered: they hold the decision log open."""
    return [one for one in children(parent) if _holds_the_log(one)]


def _holds_the_log(worker: int) -> bool:
    try:
        links = [str(link.readlink()) for link in Path(f"/proc/{worker}/fd").iterdir()]
    except OSError:  # it has just ended
        return False
    return any(link.endswith("decisions.sqlite") for link in links)


def _some_durable(number: int) -> Contact:
    return durably(number) if number % 2 else known_caller(number)


@needs_proc
def test_a_worker_killed_again_and_again_costs_no_contact_and_no_promise(
    root: Path, home: Path
) -> None:
    with running_server(root, home, CALLWORTH_WORKERS="2") as server:
        parent = server.process.pid
        with under_load(server.port, contact=_some_durable) as answers:
            for kill in range(3):
                wait_until(lambda: len(logging_workers(parent)) == 2, why=server.output)
                wait_for_more(answers, 100)
                os.kill(logging_workers(parent)[kill % 2], signal.SIGKILL)
                wait_for_more(answers, 100)
            wait_until(lambda: len(logging_workers(parent)) == 2, why=server.output)
            wait_for_more(answers, 100)
        server.end()
    check_answered(answers)
    assert len(strategies(answers)) == len(answers)
    assert sum(one.logged == "durable" for one in answers) > 50
    check_logged(home, answers, all_of_them=False)
    gaps = logged(home, "SELECT why FROM gaps")
    assert len(gaps) == 3
    assert all("was killed" in why for (why,) in gaps)


@needs_proc
def test_with_all_workers_killed_at_once_contacts_wait_for_new_ones(root: Path, home: Path) -> None:
    with running_server(root, home, CALLWORTH_WORKERS="2") as server:
        with under_load(server.port, contact=_some_durable) as answers:
            wait_until(lambda: len(logging_workers(server.process.pid)) == 2, why=server.output)
            for worker in children(server.process.pid):
                os.kill(worker, signal.SIGKILL)
            wait_for_more(answers, 200)
        server.end()
    check_answered(answers)
    check_logged(home, answers, all_of_them=False)


@needs_proc
def test_workers_end_with_a_killed_server_and_another_takes_its_port(
    root: Path, home: Path
) -> None:
    with running_server(root, home, CALLWORTH_WORKERS="2") as server:
        workers = children(server.process.pid)
        with under_load(server.port, routers=1, contact=durably) as before:
            wait_for_more(before, 20)
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))
    with running_server(root, home, port=server.port) as another:
        with under_load(server.port, routers=1, contact=lambda n: durably(n + 10_000)) as after:
            wait_for_more(after, 20)
        another.end()
    check_answered([*before, *after])
    check_logged(home, [*before, *after], all_of_them=False)


def test_a_server_killed_under_load_is_started_again_and_keeps_its_promises(
    root: Path, home: Path
) -> None:
    answers, numbers = [], count()
    for _ in range(3):
        with (
            running_server(root, home) as server,
            under_load(server.port, contact=lambda _: durably(next(numbers))) as mine,
        ):
            wait_for_more(mine, 60)
            server.process.kill()
            server.process.wait()
        answers += [one for one in mine if one.status]
    check_answered(answers)
    assert len(answers) >= 180
    check_logged(home, answers, all_of_them=False)
