"""What a whole training costs beside the bare library fits that it cannot do without.

    python -m benchmarks.training_cost [--rows 100000 1000000]

One signal, one profile, the three candidates and their combination, no search, 60 columns, one
thread. "Ours" is the whole of `models.assembly.assemble`: parts, encoding, election, calibration,
compiling, proof, judging and evidence. "Bare" is the library's own fits on the prepared float32
matrix, with the settings and the numbers of penalties and rounds that ours used: the L1 path, the
forest and the boosted trees on the fit part, then the champion once more on the fit and the select
part. Bare neither scores, chooses, calibrates nor writes. Each runs in a fresh process; memory is
the peak of that process, the data and the libraries included. The bar is a ratio
of 1.5 by processor time, which other work on the machine does not change; that by the clock is
printed too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from features.contract import Kind
from models.assembly import assemble
from models.candidates.boosted import Boosted
from models.candidates.contract import CandidateSettings, Name
from models.candidates.forest import Forest
from models.model_set import ALL_PROFILES, Count
from models.pairs import Pairs
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal, Task

COLUMNS = 60
BAR = 1.5
FIT, SELECT = 0.70, 0.85


def world(count: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return (n, 60) columns and (n,) answers: straight effects, a step and an interaction."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((count, COLUMNS), dtype=np.float32)
    effects = rng.normal(0, 0.3, COLUMNS) * (np.arange(COLUMNS) < 15)
    score = matrix @ effects + 0.6 * (matrix[:, 0] > 1) + 0.4 * matrix[:, 1] * matrix[:, 2] - 2
    return matrix, (rng.random(count) < 1 / (1 + np.exp(-score))).astype(np.float64)


def ours(count: int) -> dict[str, Any]:
    """Train a whole model set; return seconds, and which fits the bare run must repeat."""
    matrix, label = world(count)
    row = np.arange(count)
    names = [f"c{place}" for place in range(COLUMNS)]
    labelled = Labelled(
        columns={name: matrix[:, place] for place, name in enumerate(names)},
        kinds=dict.fromkeys(names, Kind.CONTINUOUS),
        ids=row,
        profile=np.full(count, ALL_PROFILES),
        at=row,
        offer_ids=(),
        pairs={Signal.ACCEPT: Pairs(row, np.full(count, -1), label, np.ones(count))},
        counts=(Count("contacts", count),),
        fingerprint="0" * 16,
        as_of="2026-11-01T00:00:00+00:00",
    )
    rounds, penalties = 0, []
    update, solve = xgboost.Booster.update, LogisticRegression.fit

    def updated(booster: Any, data: Any, *given: Any, **named: Any) -> Any:
        nonlocal rounds
        # The growing on the fit part alone, not the champion's final fit.
        rounds += data.num_row() == int(FIT * count)
        return update(booster, data, *given, **named)

    def solved(model: Any, design: Any, *given: Any, **named: Any) -> Any:
        # The path's fits alone: calibration and comparison fit a column or a few.
        if model.solver == "liblinear" and len(design) == int(FIT * count):
            penalties.append(model.C)
        return solve(model, design, *given, **named)

    with (
        patch.object(xgboost.Booster, "update", updated),
        patch.object(LogisticRegression, "fit", solved),
        tempfile.TemporaryDirectory() as folder,
    ):
        clock, processor = time.perf_counter(), time.process_time()
        manifest = assemble(
            labelled, out=Path(folder) / "set", settings=TrainingSettings(jobs=1, origins=1)
        )
        whole = time.process_time() - processor
        clock = time.perf_counter() - clock
    champion = manifest.answers[0].champion
    return {
        "whole": whole,
        "clock": clock,
        "champion": champion,
        "penalties": penalties,
        "rounds": rounds,
    }


def bare(count: int, told: dict[str, Any]) -> dict[str, Any]:
    """Do the library fits alone; return the seconds of each part."""
    matrix, label = world(count)
    fit, both = slice(int(FIT * count)), slice(int(SELECT * count))
    settings = CandidateSettings()

    def linear(part: slice, penalty: float) -> None:
        LogisticRegression(
            l1_ratio=1.0,
            C=penalty,
            solver="liblinear",
            intercept_scaling=10.0,
            tol=1e-2,
            random_state=0,
        ).fit(matrix[part], label[part])

    def forest(part: slice) -> None:
        model = Forest(settings, task=Task.PROBABILITY)._estimator(len(label[part]))
        model.fit(matrix[part], label[part])

    def boosted(part: slice) -> None:
        parameters = Boosted(settings, task=Task.PROBABILITY)._parameters(len(label[part]))
        data = xgboost.DMatrix(matrix[part], label[part], nthread=1)
        xgboost.train(parameters, data, num_boost_round=told["rounds"])

    def path() -> None:
        for penalty in told["penalties"]:
            linear(fit, penalty)

    def final() -> None:
        champion = Name(told["champion"])
        if champion in (Name.LINEAR, Name.COMBINED):
            linear(both, told["penalties"][-1])
        if champion in (Name.BOOSTED, Name.COMBINED):
            boosted(both)
        if champion is Name.FOREST:
            forest(both)

    clock = time.perf_counter()
    with threadpool_limits(limits=1):
        parts = {
            "L1 path": _seconds(path),
            "forest": _seconds(lambda: forest(fit)),
            "boosted": _seconds(lambda: boosted(fit)),
            "final fit": _seconds(final),
        }
    return {**parts, "clock": time.perf_counter() - clock}


def _seconds(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _fresh(kind: str, count: int, told: dict[str, Any]) -> dict[str, Any]:
    """Run one side in a process of its own; return what it says, with its peak memory in GiB."""
    command = [sys.executable, "-m", "benchmarks.training_cost", "--side", kind]
    command += ["--rows", str(count), "--told", json.dumps(told)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(count: int) -> bool:
    """Print both sides for so many rows; return whether the bar holds."""
    whole = _fresh("ours", count, {})
    parts = _fresh("bare", count, whole)
    peak, clock = parts.pop("peak"), parts.pop("clock")
    total = sum(parts.values())
    print(f"{count:,} rows x {COLUMNS} columns, champion {whole['champion']}")
    print("  bare  " + ", ".join(f"{name} {by:.1f} s" for name, by in parts.items()))
    print(f"  bare  {total:.1f} s, peak {peak:.2f} GiB")
    print(
        f"  ours  {whole['whole']:.1f} s, peak {whole['peak']:.2f} GiB, "
        f"ratio {whole['whole'] / total:.2f} (bar {BAR}), "
        f"by the clock {whole['clock'] / clock:.2f}",
        flush=True,
    )
    return bool(whole["whole"] <= BAR * total)


def main() -> int:
    """Print the cost at each number of rows, or run one side for the process that asks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--side", choices=["ours", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--told", type=json.loads, default={}, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        count = given.rows[0]
        found = ours(count) if given.side == "ours" else bare(count, given.told)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({**found, "peak": peak}))
        return 0
    holds = [compare(count) for count in given.rows]
    print("the bar holds" if all(holds) else "the bar does NOT hold")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
