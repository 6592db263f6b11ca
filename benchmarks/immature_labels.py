"""What immature sales do to `lapse` and `keep`: counted as zero, and left out as we do.

    python -m benchmarks.immature_labels [--customers 100000] [--months 24]

A generated insurer knows the true lapse probability of every contact and offer. Two models are
fitted on the same history: one counts each sale that has not lapsed yet as kept, however young it
is; ours takes only sales whose maturity period is over. Both foretell the sales (for `keep`: the
offers presented) of the last months, which are too young for any label of ours. Shown are the mean
prediction over the mean of the truth, 1 if unbiased, with its interval by bootstrap over
customers, and the AUC against the upper half of the true probabilities.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.frame import build_training
from models import pairs
from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.judging.measures import auc
from models.planning import Labelled
from models.settings import TrainingSettings
from models.signals import Signal
from models.splits import Shares
from models.training import read_labelled
from pipelines.insurer import generate

Scores = NDArray[np.float64]
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
# What counting immature time as zero amounts to: no condition on the time that has passed.
COUNTED_AS_ZERO = {
    Signal.LAPSE: ("presented AND accepted", "lapsed"),
    Signal.KEEP: ("presented AND answered", "accepted AND NOT lapsed"),
}
SIGNALS = tuple(COUNTED_AS_ZERO)
# As when a champion is fitted on all there is: no part is kept for judging.
ALL_TO_LEARN = Shares(fit=0.8, select=0.2)
_DRAWS = 1000


def trained(labelled: Labelled, folder: Path) -> CompiledModelSet:
    kept = {signal: labelled.pairs[signal] for signal in SIGNALS}
    assemble(
        replace(labelled, pairs=kept), out=folder, settings=TrainingSettings(shares=ALL_TO_LEARN)
    )
    return CompiledModelSet.load(folder, threads=2)


def truth_of(world: Path, labelled: Labelled) -> dict[Signal, Scores]:
    """Return (contacts, offers) true probabilities; NaN where the offer was not the contact's."""
    found = duckdb.sql(
        f"""SELECT contact_id, offer_id, accept_probability AS accept, lapse_probability AS lapse
        FROM read_parquet('{world}/truth/contact_truth/*/*.parquet', hive_partitioning = false)"""
    ).fetchnumpy()
    row = {contact: at for at, contact in enumerate(labelled.ids.tolist())}
    place = {offer: at for at, offer in enumerate(labelled.offer_ids)}
    rows = np.array([row.get(contact, -1) for contact in found["contact_id"].tolist()])
    offers = np.array([place[offer] for offer in found["offer_id"].tolist()])
    there = rows >= 0
    lapse, keep = (np.full((len(labelled.ids), len(place)), np.nan) for _ in range(2))
    lapse[rows[there], offers[there]] = found["lapse"][there]
    keep[rows[there], offers[there]] = (found["accept"] * (1 - found["lapse"]))[there]
    return {Signal.LAPSE: lapse, Signal.KEEP: keep}


def ratio(predicted: Scores, truth: Scores, customer: NDArray[np.object_]) -> tuple[float, ...]:
    """Return mean prediction over mean truth, with its 95 % interval over customers."""
    whose = np.unique(customer, return_inverse=True)[1]
    sums = np.stack([np.bincount(whose, weights=each) for each in (predicted, truth)], axis=1)
    rng = np.random.default_rng(0)
    draws = np.stack([rng.poisson(1.0, len(sums)) @ sums for _ in range(_DRAWS)])
    low, high = np.percentile(draws[:, 0] / draws[:, 1], [2.5, 97.5])
    return float(predicted.mean() / truth.mean()), float(low), float(high)


def compare(home: Path, *, customers: int, months: int) -> bool:
    world = generate(home / "tables", customers=customers, months=months, until=AS_OF)
    build_training(world, home=home, as_of=AS_OF)

    def labelled() -> Labelled:
        return read_labelled(home, tables=world, settings=TrainingSettings(), as_of=AS_OF)

    ours = labelled()
    with patch.dict(pairs._SIGNALS, COUNTED_AS_ZERO):
        naive = labelled()
    models = {
        "counted as zero": trained(naive, home / "naive"),
        "left out (ours)": trained(ours, home / "ours"),
    }
    truth = truth_of(world, ours)
    assert ours.at is not None
    holds = True
    print(f"{'signal':8}{'rows':>8}  {'model':17}{'ratio to truth':25}AUC of truth")
    for signal in SIGNALS:
        given, every = ours.pairs[signal], naive.pairs[signal]
        last = given.row[np.argmax(ours.at[given.row])]
        young = every.row[ours.at[every.row] > ours.at[last]]
        chosen = np.isin(every.row, young)
        rows, offer = every.row[chosen], every.offer[chosen]
        true = truth[signal][rows, offer]
        for name, model in models.items():
            matrix = model.encode({n: ours.columns[n][rows] for n in ours.kinds})
            found = model.predict(signal, matrix, profile=ours.profile[rows], offer=offer)
            value, low, high = ratio(found, true, np.asarray(ours.customer)[rows])
            order = auc((true > np.median(true)).astype(float), found)
            said = f"{value:.3f} [{low:.3f}, {high:.3f}]"
            print(f"{signal:8}{len(rows):8,}  {name:17}{said:25}{order:.3f}", flush=True)
            unbiased = low <= 1 <= high
            holds &= unbiased if "ours" in name else not unbiased
    print("ours is unbiased, the other is not" if holds else "the bar does NOT hold")
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=24)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        return 0 if compare(Path(scratch), customers=given.customers, months=given.months) else 1


if __name__ == "__main__":
    sys.exit(main())
