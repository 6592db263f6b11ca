"""A kill at fifty instants of training, promotion and rollback: one consistent champion, always."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from features.frame import build_training
from models import registry
from models.compiled import CompiledModelSet
from models.model_set import JUDGE_COLUMNS
from models.packing import example_of
from models.promotion import ledger
from pipelines.insurer import generate

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
# Trains with few small trees: what is killed is the order of the steps, not the fits.
TRAIN = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from pipelines.train import train_challenger
from tests.models.labelled_world import SETTINGS
home = Path(sys.argv[1])
settings = replace(SETTINGS, fewest_positives=20, seed=int(sys.argv[2]), origins=1)
train_challenger(
    home, tables=home / "tables", as_of=datetime(2026, 11, 1, tzinfo=UTC), settings=settings
)
"""
KILLS = {"train": 16, "promote": 17, "rollback": 17}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with two model sets, the first of them in force."""
    home = tmp_path_factory.mktemp("killed")
    tables = generate(home / "tables", customers=1_500, seed=11, until=NOVEMBER)
    build_training(tables, home=home, as_of=NOVEMBER)
    (home / "gate.toml").write_text("[signature]\nrequired = true\n")
    for seed in ("1", "2"):
        finished(train(home, seed))
    finished(verb(home, "promote", "1"))
    return home


def train(home: Path, seed: str) -> list[str]:
    return [sys.executable, "-c", TRAIN, str(home), seed]


def verb(home: Path, *said: str) -> list[str]:
    return [sys.executable, "-m", "pipelines.cli", *said, "--why", "t", "--home", str(home)]


def finished(command: Sequence[str]) -> float:
    """Run to the end; return the seconds."""
    start = time.monotonic()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - start


def killed(command: Sequence[str], *, after: float) -> bool:
    """Kill the command and all it started after so many seconds; return whether it still ran."""
    running = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        running.wait(timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return True
    return False


class Instants:
    """Instants spread over a run, a little jittered, so that each step of it is hit.

    The first run says how long one takes; where a kill came too late, runs have become quicker.
    """

    def __init__(self, count: int, *, within: float, seed: int) -> None:
        self.count, self.within = count, within
        self._rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[float]:
        for place in range(self.count):
            yield (place + self._rng.random()) / self.count * self.within

    def told(self, hit: bool) -> bool:
        """Take note of whether the kill came in time, and return it."""
        if not hit:
            self.within *= 0.85
        return hit


def in_force(home: Path) -> str:
    """Return the version in force, once it is shown to be one whole set that answers for all."""
    folder = registry.current(home)
    assert folder is not None
    models = CompiledModelSet.load(folder)
    assert models.version == ledger.in_force(home) == folder.name
    example = example_of(folder)
    matrix = models.encode(
        {name: np.array(example[name], dtype=object) for name in models.features}
    )
    profile = np.array(example["stage"], dtype=np.str_)
    for name in models.signals:
        found = models.predict(
            name, matrix, profile=profile, offer=np.zeros(len(matrix), dtype=np.intp)
        )
        assert np.isfinite(found).all()
    ledger.entries(home)  # raises where the chain is broken
    return models.version


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_kill_at_fifty_instants_leaves_one_consistent_champion(home: Path) -> None:
    hits = dict.fromkeys(KILLS, 0)
    # The first run of each kind says how long it takes.
    seconds = finished(verb(home, "promote", "2"))
    moments = Instants(KILLS["promote"], within=seconds, seed=1)
    for after in moments:
        finished(verb(home, "rollback"))
        assert in_force(home) == "1"
        hits["promote"] += moments.told(killed(verb(home, "promote", "2"), after=after))
        assert in_force(home) in {"1", "2"}
        finished(verb(home, "promote", "2"))
        assert in_force(home) == "2"
    seconds = finished(verb(home, "rollback"))
    moments = Instants(KILLS["rollback"], within=seconds, seed=2)
    for after in moments:
        finished(verb(home, "promote", "2"))
        hits["rollback"] += moments.told(killed(verb(home, "rollback"), after=after))
        assert in_force(home) in {"1", "2"}
        if ledger.entries(home)[-1].new != "1":  # what the ledger does not say did not happen
            finished(verb(home, "rollback"))
        assert in_force(home) == "1"
    seconds = finished(train(home, "3"))
    moments = Instants(KILLS["train"], within=seconds, seed=3)
    for place, after in enumerate(moments):
        hits["train"] += moments.told(killed(train(home, str(10 + place)), after=after))
        assert in_force(home) == "1"
    finished(train(home, "99"))
    whole = [path for path in (home / "models").glob("candidate-*") if path.is_dir()]
    assert all((path / JUDGE_COLUMNS).is_file() for path in whole)
    finished(verb(home, "promote"))
    assert in_force(home) not in {"1", "2"}
    # A run may be quicker than the first one was, so that some kills come too late.
    assert sum(hits.values()) >= 40, hits
