"""A log that another process writes: what it survives, and what that process is spared."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from serving import examples
from serving.log_apart import CHILD, ApartStore
from serving.log_entry import LoggedDecision, instant_text
from serving.log_frames import Begin, send
from serving.log_store import Fault, Group

AT = instant_text(examples.NOW)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "decisions.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[ApartStore]:
    made = ApartStore(file, log=None, name="The log")
    yield made
    made.end(all_written=True)


def entry(number: int, **changes: object) -> LoggedDecision:
    values = {"decision_id": f"d-{number}", "contact_id": "c-1", "partner": None,
              "customer_id": None, "identified_by": None, "decided_at": AT, "source": "default",
              "why": None, "value_group": None, "queue": "service_any", "offer_id": None,
              "arm": "on", "probability": 1.0, "strategy_set": None, "model_set": None,
              "asked_by": "a router", "microseconds": 9, "request": "{}", "answer": ""}  # fmt: skip
    return LoggedDecision(**{**values, **changes})  # type: ignore[arg-type]


def ids(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [one for (one,) in connection.execute("SELECT decision_id FROM decisions")]


def test_a_writing_process_that_is_killed_is_begun_again_and_nothing_is_doubled(
    store: ApartStore, file: Path
) -> None:
    first, second = [entry(n) for n in range(5)], [entry(n) for n in range(3, 9)]
    store.write(Group(first))
    killed = store._process
    assert killed is not None
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    with pytest.raises(OSError) as failed:
        store.write(Group(second))
    assert store.fault(failed.value) is Fault.PLACE  # it is tried again
    store.write(Group(second))
    assert store._process is not killed
    assert sorted(ids(file)) == [f"d-{n}" for n in range(9)]


def test_signals_for_the_whole_server_do_not_end_it_before_the_server_asks(
    store: ApartStore, file: Path
) -> None:
    store.write(Group([entry(1)]))
    process = store._process
    assert process is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(process.pid, number)
    store.write(Group([entry(2)]))
    assert store._process is process
    store.end(all_written=True)
    assert process.returncode == 0
    assert ids(file) == ["d-1", "d-2"]


def test_it_ends_when_the_server_has_gone(store: ApartStore, file: Path) -> None:
    store.write(Group([entry(1)]))
    process, line = store._process, store._line
    assert process is not None
    assert line is not None
    line.close()  # as the system does for a server that was killed
    assert process.wait(30) == 0


def test_an_entry_that_cannot_be_sent_is_the_entrys_fault(store: ApartStore) -> None:
    with pytest.raises(UnicodeEncodeError) as failed:
        store.write(Group([entry(1, request="\ud800")]))
    assert store.fault(failed.value) is Fault.ENTRY
    store.write(Group([entry(2)]))


def test_it_brings_neither_models_nor_pages_nor_a_web_server() -> None:
    code = (
        "import sys, serving.log_process\n"
        "print(*{name.partition('.')[0] for name in sys.modules}"
        " & {'fastapi', 'numpy', 'onnxruntime', 'uvicorn', 'jinja2', 'prometheus_client'})"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


def test_the_writing_process_ends_quietly_when_its_server_was_killed(
    root: Path, file: Path
) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", CHILD, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(root)},
        )
    send(ours, Begin(str(file), None))
    assert ours.recv(1, socket.MSG_PEEK), "it has answered"
    ours.close()  # with the answer unread, as by a kill: the connection is reset
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, b"")
