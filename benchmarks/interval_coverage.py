"""How often our 95 % intervals hold the true figure: AUC, lift at 10 %, money by tenth.

    python -m benchmarks.interval_coverage [--worlds 200] [--customers 200000]

One large generated insurer is the population: every contact with an offer presented, what came of
it, and predictions that are the true probabilities, bent and blurred by customer. The figures of
the whole population are the truth. Each world draws customers (1,500; all contacts of each) and
computes the intervals as the evidence of a model set does. The figures in brackets say how far
the share itself may be off with so many worlds.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from models.judging import influence
from models.judging.deciles import by_tenth
from models.judging.intervals import Scale, auc_interval, interval_of
from models.signals import Task
from pipelines.insurer import generate

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
DRAWN = 1_500
BAR = (0.93, 0.97)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Contacts:
    """Contacts with whose they are, whether the offer was taken, the money and the predictions."""

    customer: NDArray[np.intp]
    accepted: Floats
    money: Floats
    likelihood: Floats
    value: Floats

    def of(self, rows: NDArray[np.intp], whose: NDArray[np.intp]) -> Contacts:
        """Return the rows; `whose` tells the drawn customers apart, one drawn twice included."""
        kept = (self.accepted[rows], self.money[rows], self.likelihood[rows], self.value[rows])
        return Contacts(whose, *kept)


def population(tables: Path) -> Contacts:
    found = duckdb.sql(
        f"""SELECT contacts.customer_id, accept_probability AS p, outcomes.accepted, revenue,
          lapse_cost, lapse_probability AS lapse, avg(revenue) FILTER (outcomes.accepted)
            OVER (PARTITION BY contacts.offer_id) AS margin
        FROM read_parquet('{tables}/contacts/*/*.parquet') AS contacts
        JOIN read_parquet('{tables}/outcomes/*/*.parquet') AS outcomes
          USING (contact_id, offer_id)
        JOIN read_parquet('{tables}/truth/contact_truth/*/*.parquet') AS truth
          USING (contact_id, offer_id)
        JOIN read_parquet('{tables}/offers/**/*.parquet') AS offers USING (offer_id)
        ORDER BY contact_id"""
    ).fetchnumpy()
    rng = np.random.default_rng(1)
    customer = np.unique(found["customer_id"].astype(str), return_inverse=True)[1]
    p = np.asarray(found["p"], dtype=np.float64)
    blur = rng.normal(0, 0.5, int(customer.max()) + 1)[customer]
    likelihood = 1 / (1 + np.exp(-(0.8 * np.log(p / (1 - p)) - 0.2 + blur)))
    accepted = np.asarray(found["accepted"], dtype=np.float64)
    lapsed = rng.random(len(p)) < found["lapse"]
    kept = np.where(lapsed, -found["lapse_cost"], found["revenue"])
    value = likelihood * np.asarray(found["margin"], dtype=np.float64)
    return Contacts(customer.astype(np.intp), accepted, accepted * kept, likelihood, value)


def figures(contacts: Contacts, *, cluster: bool) -> dict[str, tuple[float, float, float]]:
    """Return each figure with its interval (of one world, or plain of the population)."""
    whose = contacts.customer if cluster else None
    accepted, likelihood = contacts.accepted, contacts.likelihood
    told = auc_interval(accepted, likelihood, cluster=whose)
    found = {"AUC": (told.value, told.low, told.high)}
    lift = influence.lift(accepted, likelihood, top=0.1)
    told = interval_of(lift, cluster=whose, scale=Scale.LOG)
    found["lift at 10 %"] = (told.value, told.low, told.high)
    for tenth in by_tenth(contacts.money, contacts.value, task=Task.AMOUNT, cluster=whose):
        found[f"money of tenth {tenth.tenth}"] = (tenth.realised, tenth.low, tenth.high)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--customers", type=int, default=200_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tables = generate(Path(scratch) / "tables", customers=given.customers, until=AS_OF)
        everyone = population(tables)
    truth = {name: value for name, (value, _, _) in figures(everyone, cluster=False).items()}
    order = np.argsort(everyone.customer, kind="stable")
    ends = np.searchsorted(everyone.customer[order], np.arange(everyone.customer.max() + 2))
    rng = np.random.default_rng(2)
    held: dict[str, list[bool]] = defaultdict(list)
    rows_of = []
    for _ in range(given.worlds):
        drawn = rng.integers(0, len(ends) - 1, DRAWN)
        rows = np.concatenate([order[ends[each] : ends[each + 1]] for each in drawn])
        whose = np.repeat(np.arange(DRAWN), ends[drawn + 1] - ends[drawn])
        rows_of.append(len(rows))
        for name, (_, low, high) in figures(everyone.of(rows, whose), cluster=True).items():
            held[name].append(low <= truth[name] <= high)
            if name.startswith("money"):
                held["money by tenth"].append(held[name][-1])
    print(
        f"{len(everyone.accepted):,} contacts of {len(ends) - 1:,} customers; {given.worlds} "
        f"worlds of {np.mean(rows_of):,.0f} contacts"
    )
    holds = True
    for name, each in held.items():
        share = float(np.mean(each))
        off = 1.96 * float(np.sqrt(share * (1 - share) / given.worlds))
        print(f"  {name:18}{truth.get(name, float('nan')):10.3f}{share:9.1%}  (+- {off:.1%})")
        if name in ("AUC", "lift at 10 %", "money by tenth"):
            holds &= BAR[0] <= share <= BAR[1]
    print("the bar holds" if holds else "the bar does NOT hold", "(93 to 97 %)")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
