"""Fit FLAML on prepared rows: run by the peer's own interpreter, it imports nothing of ours.

    PEER_PYTHON benchmarks/peers/fit_flaml.py FOLDER SECONDS

FOLDER holds train.parquet, test.parquet (features; words are categories), train_label.npy and
task.json; the probabilities of the test rows and what was chosen are written beside them.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


def read(folder: Path, name: str) -> pd.DataFrame:
    frame = pd.read_parquet(folder / f"{name}.parquet")
    words = [name for name in frame if frame[name].dtype == object]
    return frame.astype(dict.fromkeys(words, "category"))


def main() -> None:
    from flaml import AutoML

    warnings.simplefilter("ignore")
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    task = json.loads((folder / "task.json").read_text())
    label = np.load(folder / "train_label.npy")
    train, test = read(folder, "train"), read(folder, "test")
    start = time.perf_counter()
    learner = AutoML()
    learner.fit(
        train,
        label,
        task="classification",
        metric="roc_auc",
        time_budget=seconds,
        n_jobs=task["jobs"],
        seed=0,
        verbose=0,
        **({"split_type": "time"} if task["in_time"] else {}),
    )
    spent = time.perf_counter() - start
    np.save(folder / "peer.npy", learner.predict_proba(test)[:, 1])
    said = {"seconds": spent, "chosen": str(learner.best_estimator)}
    (folder / "peer.json").write_text(json.dumps(said))


if __name__ == "__main__":
    main()
