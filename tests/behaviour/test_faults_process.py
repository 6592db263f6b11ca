"""Whatever befalls the processes under load: each contact gets a route, and no promise is lost."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


def children(parent: int, kind: bytes = b"spawn_main") -> list[int]:
    """Return the processes of a kind that this one has started: workers, or what writes a log."""
    try:
        lists = [one.read_text() for one in Path(f"/proc/{parent}/task").glob("*/children")]
        found = " ".join(lists).split()
        return [int(one) for one in found if kind in Path(f"/proc/{one}/cmdline").read_bytes()]
    except OSError:  # one of them has just ended
        return []


def log_processes(worker: int) -> list[int]:
    """Return what writes the decision log of a worker, or of a server that is its own worker."""
    return children(worker, b"log_process")


def logging_workers(parent: int) -> list[int]:
    """Return the workers that have answered: their log is being written."""
    return [one for one in children(parent) if log_processes(one)]


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


@needs_proc
def test_a_worker_that_hangs_is_replaced_and_its_contacts_are_answered(
    root: Path, home: Path
) -> None:
    with running_server(root, home, CALLWORTH_WORKERS="2") as server:
        with under_load(server.port, contact=_some_durable) as answers:
            wait_until(lambda: len(logging_workers(server.process.pid)) == 2, why=server.output)
            hanging = logging_workers(server.process.pid)[0]
            os.kill(hanging, signal.SIGSTOP)
            wait_until(lambda: hanging not in children(server.process.pid), why=server.output)
            wait_until(lambda: len(logging_workers(server.process.pid)) == 2, why=server.output)
            wait_for_more(answers, 100)
        server.end()
    check_answered(answers)
    check_logged(home, answers, all_of_them=False)


@contextmanager
def a_pipe_that_nobody_reads() -> Iterator[int]:
    """Yield the end to write to of a pipe that is full after one page."""
    unread, said = os.pipe()
    fcntl.fcntl(said, fcntl.F_SETPIPE_SZ, 4096)
    try:
        yield said
    finally:
        os.close(unread)
        os.close(said)


@needs_proc
def test_where_nobody_reads_what_the_server_says_all_are_answered(root: Path, home: Path) -> None:
    models = home / "models"
    models.mkdir()
    with a_pipe_that_nobody_reads() as said, running_server(root, home, said=said) as server:
        with under_load(server.port) as answers:
            for trouble in range(5):  # each look that finds another one says so at length
                (models / "current.json").write_text(f'{{"folder": "gone-{trouble}"}}')
                server.ready()
                wait_for_more(answers, 200)
        server.process.kill()
        server.process.wait()
    check_answered(answers)


@needs_proc
def test_the_process_that_writes_the_log_killed_again_and_again_costs_no_decision(
    root: Path, home: Path
) -> None:
    kills = 0
    with running_server(root, home) as server:
        with under_load(server.port, contact=_some_durable) as answers:
            while kills < 8:  # one just killed may still be listed: the next is waited for
                wait_until(lambda: log_processes(server.process.pid), why=server.output)
                wait_for_more(answers, 30)
                for one in log_processes(server.process.pid):
                    os.kill(one, signal.SIGKILL)
                    kills += 1
            wait_for_more(answers, 100)
        server.end()
    check_answered(answers)
    assert sum(one.logged == "durable" for one in answers) > 50
    check_logged(home, answers)


@needs_proc
def test_nobody_waits_for_a_process_that_hangs_while_it_writes_the_log(
    root: Path, home: Path
) -> None:
    with running_server(root, home) as server:
        with under_load(server.port, contact=_some_durable) as answers:
            wait_until(lambda: log_processes(server.process.pid), why=server.output)
            wait_for_more(answers, 50)
            (hanging,) = log_processes(server.process.pid)
            os.kill(hanging, signal.SIGSTOP)
            before = len(answers)
            wait_for_more(answers, 300)
            during = answers[before + 8 :]
            os.kill(hanging, signal.SIGCONT)
            wait_for_more(answers, 100)
        server.end()
    check_answered(answers)
    logged = {one.logged for one in during}
    assert "queued" in logged and logged <= {"queued", ""}, "nothing is promised"
    check_logged(home, answers)
