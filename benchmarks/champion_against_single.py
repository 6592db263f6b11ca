"""Champions per profile against one model for all, and against the truth, on a generated insurer.

    python -m benchmarks.champion_against_single [--customers 500000]

Trains `accept` and judges it on the last 15 % of the contacts, which took no part in fitting or
choosing. The model for all is shown twice: as it stands in a model set (it sees what customers did,
not what their stage is called), and with the stage among its features. Two calibration errors are
shown: against what happened (with the error that the true probabilities themselves have on these
rows, which is chance alone), and against the true probabilities.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.contract import Kind
from features.frame import build_training
from models.assembly import assemble
from models.judging.calibration_error import expected_calibration_error
from models.judging.measures import auc
from models.model_set import ALL_PROFILES, Manifest
from models.settings import TrainingSettings
from models.signals import Signal
from models.training import read_labelled
from pipelines.insurer import generate

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
    auc_single_told: float
    ece: float
    ece_of_truth: float
    ece_against_truth: float


def judged(folder: Path, told: Path, world: Path) -> dict[str, NDArray[Any]]:
    """Return the accept rows of judge.parquet with every prediction and the truth of each."""
    return duckdb.sql(
        f"""SELECT judge.profile, judge.label, judge.prediction, judge.prediction_all_profiles,
          told.prediction AS prediction_told, truth.accept_probability AS truth
        FROM read_parquet('{folder / "judge.parquet"}') AS judge
        JOIN read_parquet('{told / "judge.parquet"}') AS told USING (contact_id, offer_id, signal)
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
    label, predicted, single, told, truth = (
        np.asarray(found[name][own], dtype=np.float64)
        for name in (
            *("label", "prediction", "prediction_all_profiles", "prediction_told", "truth"),
        )
    )
    return Row(
        profile=profile,
        n=len(label),
        positives=int(label.sum()),
        champion=champion,
        auc_true=auc(label, truth),
        auc_champion=auc(label, predicted),
        auc_single=auc(label, single),
        auc_single_told=auc(label, told),
        ece=expected_calibration_error(label, predicted),
        ece_of_truth=expected_calibration_error(label, truth),
        ece_against_truth=error_against(predicted, truth),
    )


def printed(rows: list[Row]) -> None:
    print(
        f"{'profile':14}{'n':>7}{'sold':>6}  {'champion':10}{'AUC true':>9}{'champion':>9}"
        f"{'single':>8}{'+stage':>8}{'of true':>9}{'ECE':>8}{'(chance)':>9}{'ECE true':>9}"
    )
    for r in rows:
        print(
            f"{r.profile:14}{r.n:7}{r.positives:6}  {r.champion:10}{r.auc_true:9.4f}"
            f"{r.auc_champion:9.4f}{r.auc_single:8.4f}{r.auc_single_told:8.4f}"
            f"{r.auc_champion / r.auc_true:9.1%}"
            f"{r.ece:8.4f}{r.ece_of_truth:9.4f}{r.ece_against_truth:9.4f}"
        )


def trained(home: Path, world: Path, *, as_of: datetime) -> tuple[Manifest, Path, Path]:
    """Return the manifest and folders of the set under test and of the single model told the stage.

    Only `accept` is trained; both sets see the same rows and the same parts of them.
    """
    settings = TrainingSettings()
    labelled = read_labelled(home, tables=world, settings=settings, as_of=as_of)
    labelled = replace(labelled, pairs={Signal.ACCEPT: labelled.pairs[Signal.ACCEPT]})
    told = replace(
        labelled,
        columns={**labelled.columns, "stage": labelled.profile.astype(object)},
        kinds={**labelled.kinds, "stage": Kind.NOMINAL},
        profile=np.full(len(labelled.profile), "everyone"),
    )
    manifest = assemble(labelled, out=home / "models" / "per-profile", settings=settings)
    assemble(told, out=home / "models" / "told", settings=settings)
    return manifest, home / "models" / "per-profile", home / "models" / "told"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customers", type=int, default=500_000)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return compared(Path(scratch), customers=given.customers)


def compared(home: Path, *, customers: int) -> int:
    as_of = datetime(2026, 11, 1, tzinfo=UTC)
    world = generate(home / "tables", customers=customers, until=as_of)
    build_training(world, home=home, as_of=as_of)
    start = time.perf_counter()
    manifest, own, told = trained(home, world, as_of=as_of)
    print(f"{customers:,} customers; both trained in {time.perf_counter() - start:.0f} s")
    found = judged(own, told, world)
    champions = {a.profile: a.champion for a in manifest.answers if a.signal == "accept"}
    rows = [row_of(p, found, champions[p]) for p in manifest.profiles]
    printed(rows)
    better = sum(r.auc_champion > max(r.auc_single, r.auc_single_told) for r in rows)
    near = sum(r.auc_champion >= 0.95 * r.auc_true for r in rows)
    sound = sum(r.ece <= 0.02 for r in rows)
    sound_true = sum(r.ece_against_truth <= 0.02 for r in rows)
    print(f"better than both models for all in {better} of {len(rows)} profiles (bar: 3 of 4)")
    print(f"at least 95 % of the AUC of the truth in {near} of {len(rows)}")
    print(f"ECE at most 0.02 in {sound} of {len(rows)}; against the truth in {sound_true}")
    print(
        "(below some 5,000 judged rows chance alone is near 0.02: judge ECE on 500,000 customers)"
    )
    return 0 if better >= 3 and near == len(rows) and sound_true == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
