"""The model per caller: chosen by importance against chosen by the stage, on a generated insurer.

    python -m benchmarks.per_caller_choice [--customers 100000]

Trains `accept` and judges three rules on the last 15 % of the contacts, which took no part in
fitting or choosing: the model of the caller's stage; the model to which the caller's known data
matters most (models.per_caller, also by the plain sum, not divided by the model's own reach); and
the one model for all profiles. AUC and log loss, overall and per stage, with paired differences
from the stage rule (DeLong, by customer). The rule that is better is the default; this says which.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from features.catalogue import phrase
from features.frame import build_training
from models.assembly import assemble
from models.compiled import CompiledModelSet
from models.judging.intervals import paired_auc, paired_mean_loss
from models.judging.measures import auc, judge
from models.model_set import ALL_PROFILES, JUDGE, JUDGE_COLUMNS
from models.per_caller import ByImportance, Chosen
from models.settings import TrainingSettings
from models.signals import Signal, Task
from models.training import as_numpy, read_labelled
from pipelines.insurer import generate

Scores = NDArray[np.float64]
STAGE, IMPORTANCE, PLAIN, ALL = "stage", "importance", "plain sum", "one for all"


@dataclass(frozen=True)
class Contacts:
    """The judged pairs: what was known, what was offered, what came of it, and to whom."""

    columns: dict[str, NDArray[Any]]
    stage: NDArray[np.str_]
    offer: NDArray[np.intp]
    label: Scores
    customer: NDArray[Any]


def trained(home: Path, *, customers: int, as_of: datetime) -> CompiledModelSet:
    """Return a model set of `accept` on a generated insurer, its folder HOME/models/set."""
    world = generate(home / "tables", customers=customers, until=as_of)
    build_training(world, home=home, as_of=as_of)
    settings = TrainingSettings()
    labelled = read_labelled(home, tables=world, settings=settings, as_of=as_of)
    labelled = replace(labelled, pairs={Signal.ACCEPT: labelled.pairs[Signal.ACCEPT]})
    assemble(labelled, out=home / "models" / "set", settings=settings)
    return CompiledModelSet.load(home / "models" / "set", threads=2)


def judged(folder: Path, models: CompiledModelSet) -> Contacts:
    """Return the judge part of the set with the raw features of each contact."""
    rows = duckdb.sql(
        f"""SELECT judge.customer_id, judge.profile, judge.offer_id, judge.label, known.*
        FROM read_parquet('{folder / JUDGE}') AS judge
        JOIN read_parquet('{folder / JUDGE_COLUMNS}') AS known USING (contact_id)
        WHERE judge.signal = 'accept' ORDER BY judge.contact_id, judge.offer_id"""
    ).to_arrow_table()
    places = {offer: at for at, offer in enumerate(models.offer_ids)}
    return Contacts(
        columns={name: as_numpy(rows[name]) for name in models.features},
        stage=as_numpy(rows["profile"]).astype(np.str_),
        offer=np.array([places[offer] for offer in rows["offer_id"].to_pylist()], dtype=np.intp),
        label=as_numpy(rows["label"]),
        customer=as_numpy(rows["customer_id"]),
    )


def predictions(
    models: CompiledModelSet, contacts: Contacts, matrix: NDArray[np.float32], chosen: Chosen
) -> dict[str, Scores]:
    """Return the predictions by each rule."""
    reach = np.array([models.reasons[name].reach for name in chosen.models])
    plain = np.array(chosen.models)[(chosen.importance * reach).argmax(axis=1)]
    everyone = np.full(len(matrix), ALL_PROFILES)
    profiles = {STAGE: contacts.stage, IMPORTANCE: chosen.profile, PLAIN: plain, ALL: everyone}
    return {
        rule: models.predict("accept", matrix, profile=profile, offer=contacts.offer)
        for rule, profile in profiles.items()
    }


def printed(contacts: Contacts, found: dict[str, Scores]) -> bool:
    """Print AUC and log loss by rule and stage; return whether importance is no worse overall."""
    print(
        f"{'callers':14}{'n':>6}  {'rule':13}{'AUC':>7}{'minus stage rule':>26}"
        f"{'log loss':>10}{'minus stage rule':>26}"
    )
    ahead = True
    for name in (ALL_PROFILES, *np.unique(contacts.stage)):
        own = np.full(len(contacts.label), True) if name == ALL_PROFILES else contacts.stage == name
        label, cluster = contacts.label[own], contacts.customer[own]
        base = found[STAGE][own]
        for rule, every in found.items():
            mine = every[own]
            loss = judge(label, mine, task=Task.PROBABILITY).log_loss
            by = paired_auc(label, mine, base, cluster=cluster)
            less = paired_mean_loss(label, mine, base, task=Task.PROBABILITY, cluster=cluster)
            against = f"{by.value:+8.4f} [{by.low:+.4f}, {by.high:+.4f}]" if rule != STAGE else ""
            worse = f"{less.value:+8.4f} [{less.low:+.4f}, {less.high:+.4f}]"
            print(
                f"{name:14}{int(own.sum()):6}  {rule:13}{auc(label, mine):7.4f}{against:>26}"
                f"{loss:10.4f}{worse if rule != STAGE else '':>26}"
            )
            if name == ALL_PROFILES and rule == IMPORTANCE:
                ahead = by.high >= 0
    return ahead


def examples(contacts: Contacts, chosen: Chosen) -> None:
    """Print two callers of one stage whose histories call for different models."""
    most = np.where(chosen.model == ALL_PROFILES, 0.0, chosen.importance.max(axis=1))
    first = int(most.argmax())
    others = (contacts.stage == contacts.stage[first]) & (chosen.model != chosen.model[first])
    for row in (first, int(np.where(others, most, 0.0).argmax())):
        names = [str(name) for name in chosen.leading[row]]
        known = "; ".join(phrase(name, contacts.columns[name][row]) for name in names if name)
        print(f"{contacts.customer[row]}, {contacts.stage[row]}: {known}\n  {chosen.why(row)}")


def main() -> None:
    """Train, judge the rules, and say which is the better default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    customers = parser.parse_args().customers
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        models = trained(home, customers=customers, as_of=datetime(2026, 11, 1, tzinfo=UTC))
        contacts = judged(home / "models" / "set", models)
        matrix = models.encode(contacts.columns)
        chosen = ByImportance(models).choose(contacts.columns, matrix, stage=contacts.stage)
        print(f"{customers:,} customers, {len(contacts.label):,} judged contacts")
        ahead = printed(contacts, predictions(models, contacts, matrix, chosen))
        print(f"another model than the stage's for {(chosen.profile != contacts.stage).mean():.0%}")
        shares = [f"{name} {(chosen.model == name).mean():.0%}" for name in chosen.models]
        print(f"chosen: {', '.join(shares)}")
        examples(contacts, chosen)
    print(
        "importance is no worse than the stage rule: it may be the default"
        if ahead
        else "the stage rule is better: it stays the default, importance stays off"
    )


if __name__ == "__main__":
    main()
