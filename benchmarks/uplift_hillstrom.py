"""Uplift learners on Hillstrom's trial, out of fold: ours, the elected one, EconML's, CausalML's.

    python -m benchmarks.uplift_hillstrom [--data ../shared/data] [--peer-python PYTHON] [--nested]

Each e-mail against none, for visit, conversion and spend: five folds, every contact ranked by fits
without it, all learners on the same folds. Qini is scikit-uplift's `qini_auc_score` (0.5.1); with
PYTHON, an interpreter that has econml, causalml and scikit-uplift, it is computed by scikit-uplift
as well and compared. The interval is by bootstrap over contacts. "above chance" is what the
election looks at, per 1,000 contacts. Seconds are those of one fit on four fifths, with everything
a learner needs (peers: the mean over the folds). The elected learner is elected on these folds;
with `--nested` it is elected inside each four fifths, and only then ranks the fifth left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from features.dataset import Dataset, read_dataset
from models.uplift.at_share import uplift_at
from models.uplift.election import ElectedLearner, ElectionSettings, elect_learner
from models.uplift.flat_rows import presented_rows
from models.uplift.learners.contract import Name
from models.uplift.learners.listed import LEARNERS
from models.uplift.presented import PresentedRows
from models.uplift.qini import qini, qini_interval

ROOT = Path(__file__).resolve().parents[1]
OFFERS = {"womens": "Womens E-Mail", "mens": "Mens E-Mail"}
OUTCOMES = ("visit", "conversion", "spend")
SEED, SHARE = 0, 0.3
# What the best ranking of the women's e-mail must reach, and the known one of the men's.
WOMENS_VISIT_BAR = 0.060


@dataclass
class Peers:
    """What the peers said of every contact, how long it took, and scikit-uplift's Qini."""

    effects: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    qini: dict[str, float] = field(default_factory=dict)


def ask_peers(python: str, rows: PresentedRows, elected: ElectedLearner) -> Peers:
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "asked.npz", Path(folder) / "answer.json"
        ours = {f"ours_{n}": e[:, 0] for n, e in elected.held_out.effects.items()}
        np.savez(
            asked,
            matrix=rows.matrix,
            treatment=rows.action + 1,
            outcome=rows.outcome,
            fold=elected.held_out.fold,
            **ours,
        )
        script = ROOT / "benchmarks" / "peers" / "uplift_learners.py"
        command = [python, "-W", "ignore", str(script), str(asked), str(answer)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        said = json.loads(answer.read_text())
    effects = {name: np.asarray(each) for name, each in said["effects"].items()}
    return Peers(effects, said["seconds"], said["qini"])


def seconds_of(rows: PresentedRows) -> dict[Name, float]:
    fifth = np.arange(len(rows)) % 5 != 0
    found = {}
    for kind in LEARNERS:
        start = time.perf_counter()
        kind(ElectionSettings().base).fit(rows.take(fifth), rng=np.random.default_rng(SEED))
        found[kind.name] = time.perf_counter() - start
    return found


def plain_logistic(rows: PresentedRows, fold: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return a plain logistic regression's chances with the offer: the best known for the men's."""
    found = np.zeros(len(rows))
    for each in np.unique(fold):
        out = fold == each
        seen = ~out & (rows.action >= 0)
        plain = LogisticRegression(max_iter=500).fit(rows.matrix[seen], rows.outcome[seen])
        found[out] = plain.predict_proba(rows.matrix[out])[:, 1]
    return found


def line(name: str, rows: PresentedRows, score: NDArray[np.float64]) -> str:
    presented, rng = rows.action >= 0, np.random.default_rng(SEED)
    found = qini_interval(
        rows.outcome, presented=presented, score=score, customer=rows.customer, rng=rng
    )
    top = uplift_at(
        rows.outcome, presented=presented, score=score, share=SHARE, customer=rows.customer
    )
    return (
        f"  {name:22}{found.value:8.4f} [{found.low:7.4f}, {found.high:7.4f}]"
        f"{top.value:9.4f} [{top.low:.4f}, {top.high:.4f}]"
    )


def nested(rows: PresentedRows, fold: NDArray[np.intp]) -> tuple[NDArray[np.float64], list[str]]:
    """Return ranks by the learner elected without the contact's fold, and who was elected."""
    ranks, names = np.zeros(len(rows)), []
    for each in np.unique(fold):
        out = fold == each
        inner = replace(ElectionSettings(), folds=3)
        chosen = elect_learner(rows.take(~out), rng=np.random.default_rng(SEED), settings=inner)
        names.append(str(chosen.name or "no one"))
        if chosen.learner is not None:
            worth = chosen.learner.effects(rows.matrix[out])[:, 0]
            ranks[out] = worth.argsort().argsort() / out.sum()
    return ranks, names


def compare(
    dataset: Dataset, offer: str, outcome: str, given: argparse.Namespace
) -> dict[str, object]:
    rows, _ = presented_rows(dataset, outcome=outcome, offer=OFFERS[offer])
    start = time.perf_counter()
    elected = elect_learner(rows, rng=np.random.default_rng(SEED), outcome=outcome)
    took = time.perf_counter() - start
    seconds = seconds_of(rows)
    print(
        f"\n{offer} e-mail against none, {outcome}: {len(rows):,} contacts, elected in {took:.0f} s"
    )
    print(
        f"  {'learner':22}    Qini  [95 %]              at {SHARE:.0%} [95 %]   above chance, fit"
    )
    presented, found = rows.action >= 0, {}
    for each in elected.standings:
        score = elected.held_out.effects[each.name][:, 0]
        found[each.name] = qini(rows.outcome, presented=presented, score=score)
        a = each.advantage
        print(
            line(f"ours {each.name}", rows, score)
            + f"{1000 * a.value:8.2f} [{1000 * a.low:.2f}, {1000 * a.high:.2f}]"
            + f"{' stands' if each.stands else ''}, {seconds[each.name]:.1f} s"
            + ("" if each.r_score is None else f", R score {each.r_score:.5f}")
        )
    if outcome != "spend":
        fold = elected.held_out.fold
        print(line("logistic response", rows, plain_logistic(rows, fold)), flush=True)
    far = 0.0
    if given.peer_python:
        peers = ask_peers(given.peer_python, rows, elected)
        for name, score in peers.effects.items():
            print(line(name, rows, score) + f"   {peers.seconds[name] / 5:.1f} s")
        ours = {**{str(n): q for n, q in found.items()}}
        far = max((abs(ours[n] - q) for n, q in peers.qini.items() if n in ours), default=0.0)
        if peers.qini:
            print(f"  Qini differs from scikit-uplift's by at most {far:.1e} on the same scores")
    print(f"  elected: {elected.name or 'no one'}. {elected.found}")
    if given.nested:
        ranks, names = nested(rows, elected.held_out.fold)
        inside = qini(rows.outcome, presented=presented, score=ranks)
        print(
            f"  elected inside each four fifths: {', '.join(names)}; Qini {inside:.4f}", flush=True
        )
    return {"name": elected.name, "qini": found, "far": far}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    arguments.add_argument("--peer-python")
    arguments.add_argument("--nested", action="store_true")
    arguments.add_argument("--only", nargs="*", default=list(OUTCOMES), help="outcomes")
    given = arguments.parse_args()
    if not given.data.is_dir():
        print(f"skipped: there is no real data at {given.data}")
        return 0
    dataset = read_dataset(ROOT / "docs" / "examples" / "hillstrom.toml")
    found = {
        (offer, outcome): compare(dataset, offer, outcome, given)
        for outcome in given.only
        for offer in OFFERS
    }
    holds = True
    for (offer, outcome), each in found.items():
        scores, name = each["qini"], each["name"]
        holds &= float(each["far"]) < 1e-9  # type: ignore[arg-type]
        if outcome == "spend":
            holds &= name is None
        elif (offer, outcome) == ("womens", "visit"):
            holds &= name is not None and scores[name] >= WOMENS_VISIT_BAR  # type: ignore[index]
        elif (offer, outcome) == ("mens", "visit"):
            holds &= name is not None and scores[name] >= scores[Name.RESPONSE]  # type: ignore[index]
    print("\nthe bar holds" if holds else "\nthe bar does NOT hold")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
