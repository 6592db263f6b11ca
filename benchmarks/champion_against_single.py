"""Bar 2: champions per profile against the single model for all, and against the truth.

    python benchmarks/champion_against_single.py --world PATH --home PATH

Builds the training frame where it is not there yet, trains, and judges `accept`
on the last 15 % of the contacts, which took no part in fitting or choosing. Two calibration errors
are shown: against what happened (with the error that the true probabilities themselves have on
these rows, which is chance alone), and against the true probabilities.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.frame import build_training
from models.judging import auc, expected_calibration_error
from models.model_set import ALL_PROFILES
from models.training import TrainingSettings, train

Scores = NDArray[np.float64]
_BINS = 10


@dataclass(frozen=True)
class Row:
    """The figures of one profile on its judge rows."""

    profile: str
    n: int
    positives: int
    champion: str
    auc_true: float
    auc_champion: float
    auc_single: float
    ece: float
    ece_of_truth: float
    ece_against_truth: float


def judged(folder: Path, world: Path) -> dict[str, NDArray[Any]]:
    """Return the accept rows of judge.parquet with the true probability of each."""
    return duckdb.sql(
        f"""SELECT judge.profile, judge.label, judge.prediction, judge.prediction_all_profiles,
          truth.accept_probability AS truth
        FROM read_parquet('{folder / "judge.parquet"}') AS judge
        JOIN read_parquet('{world}/truth/contact_truth/*/*.parquet', hive_partitioning = false)
          AS truth USING (contact_id, offer_id)
        WHERE judge.signal = 'accept'"""
    ).fetchnumpy()


def error_against(predicted: Scores, truth: Scores) -> float:
    """Return the calibration error over ten equal-count bins, outcomes replaced by the truth."""
    bins = np.array_split(np.argsort(predicted, kind="stable"), _BINS)
    return float(
        sum(abs(predicted[b].mean() - truth[b].mean()) * len(b) for b in bins) / len(predicted)
    )


def row_of(profile: str, found: dict[str, NDArray[Any]], champion: str) -> Row:
    own = found["profile"] == profile if profile != ALL_PROFILES else slice(None)
    label, predicted, single, truth = (
        np.asarray(found[name][own], dtype=np.float64)
        for name in ("label", "prediction", "prediction_all_profiles", "truth")
    )
    return Row(
        profile=profile,
        n=len(label),
        positives=int(label.sum()),
        champion=champion,
        auc_true=auc(label, truth),
        auc_champion=auc(label, predicted),
        auc_single=auc(label, single),
        ece=expected_calibration_error(label, predicted),
        ece_of_truth=expected_calibration_error(label, truth),
        ece_against_truth=error_against(predicted, truth),
    )


def printed(rows: list[Row]) -> None:
    print(
        f"{'profile':14}{'n':>7}{'sold':>6}  {'champion':10}{'AUC true':>9}{'champion':>9}"
        f"{'single':>8}{'of true':>9}{'ECE':>8}{'(chance)':>9}{'ECE true':>9}"
    )
    for r in rows:
        print(
            f"{r.profile:14}{r.n:7}{r.positives:6}  {r.champion:10}{r.auc_true:9.4f}"
            f"{r.auc_champion:9.4f}{r.auc_single:8.4f}{r.auc_champion / r.auc_true:9.1%}"
            f"{r.ece:8.4f}{r.ece_of_truth:9.4f}{r.ece_against_truth:9.4f}"
        )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--world", type=Path, required=True)
    arguments.add_argument("--home", type=Path, required=True)
    given = arguments.parse_args()
    described = json.loads((given.world / "world.json").read_text())
    as_of = datetime.fromisoformat(described["until"].replace("Z", "+00:00"))
    if not (given.home / "features" / "training.parquet").exists():
        build_training(given.world, home=given.home, as_of=as_of)
    start = time.perf_counter()
    trained = train(given.home, tables=given.world, settings=TrainingSettings(), as_of=as_of)
    print(
        f"{described['customers']:,} customers; trained {len(trained.manifest.answers)} answers "
        f"in {time.perf_counter() - start:.1f} s"
    )
    found = judged(trained.folder, given.world)
    champions = {a.profile: a.champion for a in trained.manifest.answers if a.signal == "accept"}
    rows = [row_of(p, found, champions[p]) for p in trained.manifest.profiles]
    printed(rows)
    better = sum(r.auc_champion > r.auc_single for r in rows)
    near = sum(r.auc_champion >= 0.95 * r.auc_true for r in rows)
    sound = sum(r.ece <= 0.02 for r in rows)
    sound_true = sum(r.ece_against_truth <= 0.02 for r in rows)
    print(f"better than the single model in {better} of {len(rows)} profiles (bar: 3 of 4)")
    print(f"at least 95 % of the AUC of the truth in {near} of {len(rows)}")
    print(f"ECE at most 0.02 in {sound} of {len(rows)}; against the truth in {sound_true}")
    print(
        "(below some 5,000 judged rows chance alone is near 0.02: judge ECE on 500,000 customers)"
    )
    return 0 if better >= 3 and near == len(rows) and sound_true == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
