"""Lapse in time on 29,317 US whole-life policies: survival view against a static model.

    python -m benchmarks.lapse_survival [--data ../shared/data]

Quarters since issue; surrender competes with death and other ends; policies still in force are
watched to the end of 2008. 30 % of the policies are held out. The static model is what a plain
table gives: surrendered or not, however long it was watched (XGBoost on the same columns). AUC of
"surrendered within h quarters" on the held policies, those watched too short weighed for (inverse
probability of censoring). Calibration: mean distance, over ten groups by prediction, from the
group's own Aalen-Johansen share.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from numpy.typing import NDArray

from models.judging.calibration_error import equal_bins
from models.judging.influence import auc
from models.judging.intervals import Scale, interval_of
from models.survival import Lifetimes, aalen_johansen, fit_hazards, known_by

ROOT = Path(__file__).resolve().parents[1]
FILE = "lapse_us_whole_life/uslapseagent.csv.gz"
COLUMNS = [
    "acc.death.rider",
    "gender",
    "premium.frequency",
    "risk.state",
    "underwriting.age",
    "living.place",
    "annual.premium",
]
SURRENDER = 1
CAUSES = {"in force": 0, "surrender": SURRENDER, "death": 2, "other": 3}
HORIZONS = (4, 8, 20, 40)
Floats = NDArray[np.float64]


def policies(data: Path) -> tuple[Floats, Lifetimes]:
    """Return the encoded columns and each policy's quarters and end."""
    table = pd.read_csv(data / FILE)
    cause = np.select(
        [table["surrender"] == 1, table["death"] == 1, table["other"] == 1], [SURRENDER, 2, 3], 0
    )
    ended = cause != 0
    # In force: only whole quarters count as watched.
    quarters = np.where(ended, np.ceil(table["duration"]), np.floor(table["duration"]))
    kept = ended | (quarters >= 1)
    matrix = pd.get_dummies(table[COLUMNS], dtype=float).to_numpy()
    lives = Lifetimes(np.maximum(quarters, 1).astype(np.intp), cause.astype(np.intp))
    return matrix[kept], lives.take(kept)


def calibration(predicted: Floats, lives: Lifetimes, *, periods: int) -> float:
    gaps = [
        abs(
            predicted[rows].mean()
            - aalen_johansen(lives.take(rows), cause=SURRENDER, periods=periods)[-1]
        )
        for rows in equal_bins(predicted)
    ]
    return float(np.mean(gaps))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    given = parser.parse_args()
    matrix, lives = policies(given.data)
    held = np.random.default_rng(0).random(len(lives)) < 0.3
    model = fit_hazards(matrix[~held], lives.take(~held), most_periods=max(HORIZONS))
    static = xgboost.XGBClassifier(n_estimators=120, max_depth=4, learning_rate=0.08, n_jobs=1)
    static.fit(matrix[~held], lives.cause[~held] == SURRENDER)
    plain = static.predict_proba(matrix[held])[:, 1].astype(np.float64)
    found = model.incidence(matrix[held], cause=SURRENDER, periods=max(HORIZONS))
    rest = lives.take(held)
    print(f"{len(lives):,} policies, {held.sum():,} held out, hazards: {model.name}")
    print(
        f"{'quarters':9}{'surrendered':>12}  {'AUC in time':25}{'AUC static':25}{'off by':>8}{'':9}"
    )
    better = True
    for horizon in HORIZONS:
        score = found[:, horizon - 1]
        label, weight = known_by(rest, cause=SURRENDER, periods=horizon)
        told = weight > 0
        ends = [
            interval_of(auc(label[told], by[told], weight=weight[told]), scale=Scale.LOG_ODDS)
            for by in (score, plain)
        ]
        said = [f"{end.value:.4f} [{end.low:.4f}, {end.high:.4f}]" for end in ends]
        off = [calibration(by, rest, periods=horizon) for by in (score, plain)]
        share = aalen_johansen(rest, cause=SURRENDER, periods=horizon)[-1]
        print(f"{horizon:<9}{share:12.3f}  {said[0]:25}{said[1]:25}{off[0]:8.3f} / {off[1]:.3f}")
        better &= ends[0].value >= ends[1].low and off[0] < off[1]
    return 0 if better else 1


if __name__ == "__main__":
    sys.exit(main())
