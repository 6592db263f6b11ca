"""Whatever befalls the strategy set under load: each contact gets a route, from one whole set."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from routing.strategy_pointer import POINTER, read_pointer
from tests.behaviour.load import (
    check_answered,
    check_logged,
    scored_now,
    strategies,
    under_load,
    wait_for_more,
)
from tests.behaviour.running_server import Running, promote, publish, running_server, wait_until

PUBLISHER = Path(__file__).with_name("publishing.py")


@pytest.fixture(scope="module")
def served(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all faults here: each test begins with a good set."""
    home = tmp_path_factory.mktemp("store") / "a home"
    publish(home)
    with running_server(root, home) as server:
        yield server


def served_label(server: Running) -> str | None:
    """Return the label of the set that the server answers with."""
    served = server.ready()["strategy_set"]
    return served["label"] if served is not None else None


def in_force(folder: Path) -> Path:
    """Return the file of the set in force."""
    pointer = read_pointer(folder)
    assert pointer is not None
    return folder / pointer.file


def cut_short(folder: Path) -> None:
    os.truncate(in_force(folder), in_force(folder).stat().st_size // 3)


def empty(folder: Path) -> None:
    os.truncate(in_force(folder), 0)


def overwrite_with_zeros(folder: Path) -> None:
    file = in_force(folder)
    size = file.stat().st_size
    with file.open("r+b") as open_file:
        open_file.write(bytes(size))


def overwrite_with_noise(folder: Path) -> None:
    file = in_force(folder)
    size = file.stat().st_size
    with file.open("r+b") as open_file:
        open_file.write(random.Random(4).randbytes(size))


def bite_all_over(folder: Path) -> None:
    """Change a few bytes in a thousand places, as a disk does that rots."""
    file, draw = in_force(folder), random.Random(5)
    size = file.stat().st_size
    with file.open("r+b") as open_file:
        for _ in range(1_000):
            open_file.seek(draw.randrange(size))
            open_file.write(draw.randbytes(draw.randrange(1, 9)))


def make_a_folder_of_it(folder: Path) -> None:
    file = in_force(folder)
    file.unlink()
    (file / "x").mkdir(parents=True)


def delete(folder: Path) -> None:
    in_force(folder).unlink()


def delete_everything(folder: Path) -> None:
    shutil.rmtree(folder)


def delete_the_secret(folder: Path) -> None:
    (folder / "index.key").unlink()


def change_the_secret(folder: Path) -> None:
    (folder / "index.key").unlink()
    (folder / "index.key").write_text("ab" * 32)


def break_the_pointer(folder: Path) -> None:
    (folder / POINTER).write_bytes(b'{"label": "2026-11-22.3", "fi')


def empty_the_pointer(folder: Path) -> None:
    os.truncate(folder / POINTER, 0)


def point_at_nothing(folder: Path) -> None:
    (folder / POINTER).write_text('{"label": "x", "file": "gone.sqlite", "bytes": 1}')


def make_a_folder_of_the_pointer(folder: Path) -> None:
    (folder / POINTER).unlink()
    (folder / POINTER).mkdir()


HARMS = (
    cut_short, empty, overwrite_with_zeros, overwrite_with_noise, bite_all_over,
    make_a_folder_of_it, delete, delete_everything, delete_the_secret, change_the_secret,
    break_the_pointer, empty_the_pointer, point_at_nothing, make_a_folder_of_the_pointer,
)  # fmt: skip


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_store_costs_no_route_and_a_good_set_mends_it(
    served: Running, harm: Callable[[Path], None]
) -> None:
    folder = served.home / "strategies"
    label = publish(served.home, model_set=f"before {harm.__name__}")
    wait_until(lambda: served_label(served) == label, why=served.output)
    with under_load(served.port) as answers:
        wait_for_more(answers)
        harm(folder)
        wait_for_more(answers, 300)
        served.ready()  # looks at what lies there
        wait_for_more(answers, 300)
        if (folder / POINTER).is_dir():
            (folder / POINTER).rmdir()  # the one harm that takes a hand
        mended = publish(served.home, model_set=f"after {harm.__name__}")
        wait_until(lambda: served_label(served) == mended, why=served.output)
        before = len(answers)
        wait_for_more(answers, 100)
    check_answered(answers)
    assert {one.body["strategy_set"] for one in answers} <= {label, mended, None}
    last = answers[before + 8 :]
    assert last
    assert {(one.body["source"], one.body["strategy_set"]) for one in last} == {
        ("strategy", mended)
    }


def test_a_publisher_killed_at_any_instant_leaves_a_whole_set_in_force(
    root: Path, served: Running
) -> None:
    draw, printed = random.Random(2), []
    with under_load(served.port) as answers:
        for run in range(4):
            with subprocess.Popen(
                [sys.executable, str(PUBLISHER), str(served.home), f"run {run}"],
                cwd=root, env=os.environ | {"PYTHONPATH": str(root)},
                stdout=subprocess.PIPE, text=True,
            ) as publisher:  # fmt: skip
                assert publisher.stdout is not None
                printed.append(publisher.stdout.readline().strip())
                threading.Timer(draw.uniform(0.0, 0.3), publisher.kill).start()
                printed += publisher.stdout.read().split()
            assert publisher.returncode == -signal.SIGKILL
            wait_for_more(answers, 100)
        last = publish(served.home, model_set="after the kills")
        wait_until(lambda: served_label(served) == last, why=served.output)
        wait_for_more(answers, 100)
    check_answered(answers)
    assert len(strategies(answers)) == len(answers), "there was a set at every instant"
    assert len(printed) >= 4
    assert answers[-1].body["strategy_set"] == last
    assert not list((served.home / "strategies").glob(".*.tmp")), "the next run clears halves"


def test_swaps_of_strategies_and_models_under_load_lose_and_mix_nothing(
    root: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    promote(home, "0")
    order = [publish(home, model_set="0")]
    with running_server(root, home, CALLWORTH_WORKERS="2") as server:
        with under_load(server.port, contact=scored_now) as answers:
            for swap in range(1, 11):
                wait_for_more(answers, 100)
                promote(home, str(swap))
                order.append(publish(home, model_set=str(swap)))
            wait_until(lambda: answers[-1].body["strategy_set"] == order[-1], why=server.output)
            wait_for_more(answers, 100)
        server.end()
    check_answered(answers)
    live = [one for one in answers if one.body["source"] == "live"]
    assert len(live) > len(answers) / 3
    assert len(strategies(answers)) + len(live) == len(answers)
    # A promotion precedes the publication that follows from it: for a moment it is one ahead.
    ahead = {int(one.body["model_set"]) - order.index(one.body["strategy_set"]) for one in live}
    assert ahead <= {0, 1}
    check_logged(home, answers)
