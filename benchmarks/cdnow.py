"""Purchases foretold on CDNOW: the published fit, and 39 held-out weeks customer by customer.

    python -m benchmarks.cdnow [--data ../shared/data] [--peer-python PYTHON]

The fit is compared with the published one (Fader, Hardie and Lee, 2005: r .243, alpha 4.414,
a .793, b 2.426, log likelihood -9582.4). Models fitted on the first 39 weeks of all 23,570
customers then foretell the next 39. PYTHON is an interpreter that has `lifetimes` installed (it
is no longer maintained): it fits and foretells the same histories.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from models.lifetime.histories import Histories, daily, summarise
from models.lifetime.purchases import fit_purchases
from pipelines.lifetime import held_out

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426, "log_likelihood": -9582.4}
SPLIT, END = datetime(1997, 10, 1, tzinfo=UTC), datetime(1998, 7, 1, tzinfo=UTC)
PEER = """
import json, sys
import pandas as pd
from lifetimes import BetaGeoFitter
h = pd.read_csv(sys.argv[1])
f = BetaGeoFitter().fit(h["repeats"], h["last"], h["known"])
e = f.conditional_expected_number_of_purchases_up_to_time(
    float(sys.argv[2]), h["repeats"], h["last"], h["known"])
print(json.dumps({"error": float((e - h["bought"]).abs().mean()), "expected": float(e.sum())}))
"""


def summary(data: Path) -> Histories:
    found = pd.read_csv(data / "cdnow" / "cdnow_customers_summary.csv.gz")
    return Histories(
        found["ID"].to_numpy(),
        found["frequency"].to_numpy(dtype=np.float64),
        found["recency"].to_numpy(dtype=np.float64),
        found["T"].to_numpy(dtype=np.float64),
        np.zeros(len(found)),
    )


def master(data: Path) -> pd.DataFrame:
    with gzip.open(data / "cdnow" / "CDNOW_master.txt.gz", "rt") as lines:
        rows = [line.split() for line in list(lines)[1:]]
    found = pd.DataFrame(rows, columns=["customer", "at", "number", "amount"])
    found["at"] = pd.to_datetime(found["at"], utc=True)
    found["amount"] = found["amount"].astype(float)
    return daily(found)


def peer_error(python: str, days: pd.DataFrame, weeks: float) -> dict[str, float]:
    known = summarise(days, as_of=SPLIT)
    later = days[(days["day"] >= pd.Timestamp(SPLIT)) & (days["day"] < pd.Timestamp(END))]
    bought = later.groupby("customer").size().reindex(known.customer).fillna(0.0)
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        pd.DataFrame(
            {
                "repeats": known.repeats,
                "last": known.last_weeks,
                "known": known.known_weeks,
                "bought": bought.to_numpy(),
            }
        ).to_csv(file.name, index=False)
        asked = [python, "-W", "ignore", "-c", PEER, file.name, str(weeks)]
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    answer: dict[str, float] = json.loads(said.splitlines()[-1])
    return answer


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    arguments.add_argument("--peer-python")
    given = arguments.parse_args()
    if not given.data.is_dir():
        print(f"skipped: there is no real data at {given.data}")
        return 0
    fitted = fit_purchases(summary(given.data))
    near = True
    for name, published in PUBLISHED.items():
        found = getattr(fitted, name)
        near &= abs(found / published - 1) <= 0.01
        print(
            f"{name:16}{found:12.4f}   published {published:12.4f}   {found / published - 1:+.2%}"
        )
    days = master(given.data)
    tried = held_out(days, as_of=END, split=SPLIT)
    print(
        f"held-out {tried.weeks:.0f} weeks, {tried.customers:,} customers: foretold "
        f"{tried.expected:,.0f}, made {tried.bought:,.0f}; mean absolute error "
        f"{tried.error:.4f} (at the rate so far {tried.plain_error:.4f})"
    )
    print("money by tenth, best first: foretold, came [95 %]")
    for tenth in tried.money:
        print(
            f"  {tenth.tenth:2}{tenth.predicted:10.2f}{tenth.realised:10.2f} "
            f"[{tenth.low:.2f}, {tenth.high:.2f}]"
        )
    if given.peer_python:
        peer = peer_error(given.peer_python, days, tried.weeks)
        print(f"lifetimes: foretold {peer['expected']:,.0f}, error {peer['error']:.4f}")
        near &= tried.error <= peer["error"] * 1.0001
    print("the bar holds" if near else "the bar does NOT hold")
    return 0 if near else 1


if __name__ == "__main__":
    sys.exit(main())
