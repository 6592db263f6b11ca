"""Our training against automatic machine learning (FLAML): the same splits, cores and run.

    python -m benchmarks.automl --peer-python PYTHON [--budget 600] [TABLE ...]

PYTHON is an interpreter of an environment of its own in which `flaml[automl]` is installed. The
peer gets the same training rows and columns as we do and the whole budget; the time-ordered tables
are told to it as such. Tables: bank_random (fold 0 of 5), bank_time (first 80 % against the last
20 %), coil (out of fold over 5 folds of the training part, a fifth of the budget each), lapse (a
random fifth held out), insurer (accept on the last 15 % of a generated insurer's contacts).

AUC has its DeLong interval; the difference is paired on the same rows (ours minus the peer's).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.dataset import Dataset, read_dataset
from features.frame import build_training
from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.flat import predict_flat, some_rows, train_flat
from models.judging.intervals import auc_interval, paired_auc
from models.planning import split_pairs
from models.settings import TrainingSettings
from models.signals import Signal
from models.splits import Shares
from models.training import read_labelled
from pipelines.insurer import generate

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
JOBS = 2
FOLDS = 5
CUSTOMERS = 50_000
# Rows are held out by the benchmark itself, so nothing is kept for judging inside.
ALL_TO_LEARN = Shares(fit=0.8, select=0.2)

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Contest:
    """One split: what the peer gets, and how we train and answer for the same test rows."""

    train: pd.DataFrame
    test: pd.DataFrame
    train_label: Scores
    test_label: Scores
    in_time: bool
    ours: Callable[[Path], Scores]


def flat_contest(
    dataset: Dataset, *, learn: NDArray[np.intp], test: NDArray[np.intp], settings: TrainingSettings
) -> Contest:
    known, rest = some_rows(dataset, learn), some_rows(dataset, test)

    def ours(folder: Path) -> Scores:
        trained = train_flat(known, settings=settings, out=folder / "set")
        return predict_flat(CompiledModelSet.load(trained.folder, threads=JOBS), rest.frame)

    return Contest(
        known.frame,
        rest.frame,
        known.target,
        rest.target,
        dataset.time_order is not None,
        ours,
    )


def folds_of(dataset: Dataset) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    fold = np.random.default_rng(0).permutation(len(dataset.ids)) % FOLDS
    for each in range(FOLDS):
        yield np.flatnonzero(fold != each), np.flatnonzero(fold == each)


def bank_random(settings: TrainingSettings) -> Iterator[Contest]:
    dataset = replace(read_dataset(EXAMPLES / "bank_marketing.toml"), time_order=None)
    learn, test = next(folds_of(dataset))
    yield flat_contest(dataset, learn=learn, test=test, settings=settings)


def bank_time(settings: TrainingSettings) -> Iterator[Contest]:
    dataset = read_dataset(EXAMPLES / "bank_marketing.toml")
    count = len(dataset.ids)
    cut = int(0.8 * count)
    yield flat_contest(dataset, learn=np.arange(cut), test=np.arange(cut, count), settings=settings)


def coil(settings: TrainingSettings) -> Iterator[Contest]:
    dataset = read_dataset(EXAMPLES / "coil2000_caravan.toml")
    for learn, test in folds_of(dataset):
        yield flat_contest(dataset, learn=learn, test=test, settings=settings)


def lapse(settings: TrainingSettings) -> Iterator[Contest]:
    dataset = replace(read_dataset(EXAMPLES / "lapse_us_whole_life.toml"), time_order=None)
    learn, test = next(folds_of(dataset))
    yield flat_contest(dataset, learn=learn, test=test, settings=settings)


def insurer(settings: TrainingSettings) -> Iterator[Contest]:
    with tempfile.TemporaryDirectory() as scratch:
        home, as_of = Path(scratch), datetime(2026, 11, 1, tzinfo=UTC)
        world = generate(home / "tables", customers=CUSTOMERS, until=as_of)
        build_training(world, home=home, as_of=as_of)
        settings = replace(settings, shares=Shares())
        labelled = read_labelled(home, tables=world, settings=settings, as_of=as_of)
        labelled = replace(labelled, pairs={Signal.ACCEPT: labelled.pairs[Signal.ACCEPT]})
        pairs = labelled.pairs[Signal.ACCEPT]
        split = split_pairs(labelled, pairs, settings=settings)
        offers = np.array([*labelled.offer_ids, None], dtype=object)
        frame = pd.DataFrame(
            {name: labelled.columns[name][pairs.row] for name in labelled.kinds}
            | {"stage": labelled.profile[pairs.row].astype(object), "offer": offers[pairs.offer]}
        )

        def ours(folder: Path) -> Scores:
            assemble(labelled, out=folder / "set", settings=settings)
            models = CompiledModelSet.load(folder / "set", threads=JOBS)
            row = pairs.row[split.judge]
            matrix = models.encode({name: labelled.columns[name][row] for name in labelled.kinds})
            return models.predict(
                Signal.ACCEPT, matrix, profile=labelled.profile[row], offer=pairs.offer[split.judge]
            )

        learn = np.concatenate([split.fit, split.select])
        yield Contest(
            frame.iloc[learn].reset_index(drop=True),
            frame.iloc[split.judge].reset_index(drop=True),
            pairs.label[learn],
            pairs.label[split.judge],
            True,
            ours,
        )


TABLES = {
    "bank_random": bank_random,
    "bank_time": bank_time,
    "coil": coil,
    "lapse": lapse,
    "insurer": insurer,
}


def peer_scores(contest: Contest, *, python: str, budget: float) -> tuple[Scores, float, str]:
    """Return the peer's probabilities of the test rows, its seconds and what it chose."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        contest.train.to_parquet(folder / "train.parquet")
        contest.test.to_parquet(folder / "test.parquet")
        np.save(folder / "train_label.npy", contest.train_label.astype(int))
        said = {"jobs": JOBS, "in_time": contest.in_time}
        (folder / "task.json").write_text(json.dumps(said))
        script = ROOT / "benchmarks" / "peers" / "fit_flaml.py"
        subprocess.run([python, str(script), str(folder), str(budget)], check=True)
        answer = json.loads((folder / "peer.json").read_text())
        return np.load(folder / "peer.npy"), answer["seconds"], answer["chosen"]


def our_scores(contest: Contest) -> tuple[Scores, float]:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found = contest.ours(Path(folder))
        return found, time.perf_counter() - start


def held(name: str, *, python: str, budget: float, settings: TrainingSettings) -> bool:
    """Hold one table's contest, print its line, and return whether the bar holds."""
    labels, mine, theirs = [], [], []
    my_seconds, their_seconds, chosen = 0.0, 0.0, []
    contests = TABLES[name](settings)
    share = budget / FOLDS if name == "coil" else budget
    for contest in contests:
        found, seconds = our_scores(contest)
        peer, spent, choice = peer_scores(contest, python=python, budget=share)
        labels.append(contest.test_label)
        mine.append(found)
        theirs.append(peer)
        my_seconds, their_seconds = my_seconds + seconds, their_seconds + spent
        chosen.append(choice)
    label = np.concatenate(labels)
    ours, peers = np.concatenate(mine), np.concatenate(theirs)
    own, other = auc_interval(label, ours), auc_interval(label, peers)
    ahead = paired_auc(label, ours, peers)
    within = own.value > other.value if name == "bank_time" else own.value >= other.low
    print(
        f"{name:12}{len(label):7}{own.value:8.4f} [{own.low:.4f}, {own.high:.4f}]"
        f"{other.value:8.4f} [{other.low:.4f}, {other.high:.4f}]"
        f"{ahead.value:+8.4f} [{ahead.low:+.4f}, {ahead.high:+.4f}]"
        f"{my_seconds:7.0f} s{their_seconds:7.0f} s  {', '.join(sorted(set(chosen)))}"
        f"  {'holds' if within and my_seconds <= their_seconds / 2 else 'does NOT hold'}",
        flush=True,
    )
    return within and my_seconds <= their_seconds / 2


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all if none")
    arguments.add_argument("--peer-python", required=True)
    arguments.add_argument("--budget", type=float, default=600.0)
    given = arguments.parse_args()
    settings = TrainingSettings(shares=ALL_TO_LEARN, jobs=JOBS)
    print(
        f"{'table':12}{'rows':>7}{'ours':>8}{'':18}{'FLAML':>8}{'':18}{'ahead':>8}{'':20}"
        f"{'ours':>7}{'FLAML':>9}  its choice"
    )
    holds = [
        held(name, python=given.peer_python, budget=given.budget, settings=settings)
        for name in given.tables or TABLES
    ]
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
