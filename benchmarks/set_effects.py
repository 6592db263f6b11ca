"""What the strategy's rule earns by the set's own models and by each uplift learner, by the truth.

    python -m benchmarks.set_effects --home HOME

HOME is a demonstration (`callworth demo`) with a model set in force. Per profile, on the contacts
that no model was fitted on or chosen by, the strategy's rule gives each contact the offer that adds
most money, if it adds chance and money. What it truly adds comes from the generator's truth, which
nothing else looks at. Compared are the effects of the set as it answers, the difference of its own
models, each offer's average effect, and every learner fitted on the fit and select part together;
beside them what knowing the truth would earn. Money added per 1,000 contacts.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.compiled import CompiledModelSet
from models.effect_rules import Money, money_of, most_added
from models.planning import Labelled, split_pairs
from models.profile_effects import ProfileEffects, profile_effects
from models.promotion.ledger import folder_of, in_force
from models.settings import TrainingSettings
from models.signals import Signal
from models.training import read_labelled
from models.uplift.base import BaseSettings
from models.uplift.doubly_robust import effect_scores
from models.uplift.election import average_effects
from models.uplift.learners.listed import LEARNERS
from models.uplift.nested_election import response_line
from models.uplift.outcomes import cross_fit_outcomes

Numbers = NDArray[np.float64]
_TRUTH = """
SELECT contact_id, offer_id, accept_probability - anyway_probability, lapse_probability
FROM read_parquet(?)
"""


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--folder", type=Path, help="a model set's folder, else the one in force")
    asked = parser.parse_args()
    folder = asked.folder or folder_of(asked.home, version=str(in_force(asked.home)))
    models = CompiledModelSet.load(folder)
    settings = TrainingSettings(seed=int(models.manifest.settings["seed"]))
    tables = asked.home / "tables"
    as_of = datetime.fromisoformat(models.manifest.as_of)
    labelled = read_labelled(asked.home, tables=tables, settings=settings, as_of=as_of)
    splits = {
        signal: split_pairs(labelled, labelled.pairs[signal], settings=settings)
        for signal in (Signal.ACCEPT, Signal.BASELINE)
    }
    matrix = models.encode(labelled.columns)
    truth = true_effects(tables, labelled)
    totals: dict[str, float] = {}
    contacts = 0
    for profile in models.profiles:
        each = profile_effects(labelled, splits, matrix, profile=profile)
        found = earned(each, models, labelled, truth[each.at_row[each.split.judge]])
        count = len(each.split.judge)
        contacts += count
        answers = {one.profile: one.learner for one in models.manifest.effects}
        said = ", ".join(f"{name} {1000 * value:,.0f}" for name, value in found.items())
        print(f"{profile} ({count} contacts, answers: {answers.get(profile, 'own')}): {said}")
        for name, value in found.items():
            totals[name] = totals.get(name, 0.0) + value * count
    print("all: " + ", ".join(f"{n} {1000 * v / contacts:,.0f}" for n, v in totals.items()))
    return 0


def true_effects(tables: Path, labelled: Labelled) -> Numbers:
    """Return (rows, offers, 2): the true effect and chance of a lapse; NaN where not eligible."""
    place = {contact: at for at, contact in enumerate(labelled.ids.tolist())}
    offer_at = {offer: at for at, offer in enumerate(labelled.offer_ids)}
    found = np.full((len(labelled.ids), len(offer_at), 2), np.nan)
    source = str(tables / "truth" / "contact_truth" / "**" / "*.parquet")
    for contact, offer, effect, lapse in duckdb.execute(_TRUTH, [source]).fetchall():
        if contact in place:
            found[place[contact], offer_at[offer]] = effect, lapse
    return found


def earned(
    each: ProfileEffects, models: CompiledModelSet, labelled: Labelled, truth: Numbers
) -> dict[str, float]:
    """Return the money that the rule truly adds per contact, by whose effects it goes."""
    judge = each.judge
    money = money_of(judge, each.profile, labelled=labelled, compiled=models)
    economics = labelled.logged.economics if labelled.logged else None
    assert economics is not None
    lapse = np.nan_to_num(truth[..., 1])
    per_sale = economics.margin * (1 - lapse) - economics.lapse_cost * lapse
    real = Money(per_sale, economics.presentation_cost)
    effects = predicted(each, models, judge.matrix) | {"truth": np.nan_to_num(truth[..., 0])}
    return {
        name: float(
            real.added(
                truth[..., 0],
                action=most_added(said, judge, real if name == "truth" else money),
            ).mean()
        )
        for name, said in effects.items()
    }


def predicted(
    each: ProfileEffects, models: CompiledModelSet, matrix: NDArray[np.float32]
) -> dict[str, Numbers]:
    """Return (n, k) effects of every contender."""
    profile = np.full(len(matrix), each.profile)
    accept, baseline = (
        np.column_stack(
            [
                models.predict(signal, matrix, profile=profile, offer=np.full(len(matrix), offer))
                for offer in range(len(models.offer_ids))
            ]
        )
        for signal in (Signal.ACCEPT, Signal.BASELINE)
    )
    fit = each.rows.take(np.concatenate([each.split.fit, each.split.select]))
    rng, base = np.random.default_rng(0), BaseSettings()
    fits = cross_fit_outcomes(fit, settings=base, rng=rng)
    scores = effect_scores(fit, expected=fits.crossed)
    average = average_effects(scores, customer=fit.customer)
    level = np.array([0.0 if one is None else one.estimate for one in average])
    found = {
        "as it answers": models.effects(matrix, profile=profile),
        "own models": accept - baseline,
        "average": np.tile(level, (len(matrix), 1)),
    }
    for kind in LEARNERS:
        said = kind(base).fit(fit, rng=rng, outcomes=fits).effects(matrix)
        if kind.ranks_only:
            slope, starts = response_line(fits.crossed[:, 1:], scores=scores, average=average)
            said = slope * said + np.array(starts)
        found[str(kind.name)] = said
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with threadpool_limits(limits=1):
        sys.exit(main())
