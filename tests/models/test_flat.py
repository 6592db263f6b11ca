"""The flat-table start: one table in, a model set like any other out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.dataset import Dataset, read_dataset
from models.compiled import CompiledModelSet
from models.errors import ModelError
from models.flat import labelled_rows, predict_flat, some_rows, train_flat
from models.judging.measures import auc
from models.planning import split_pairs
from models.settings import UpliftSettings
from models.signals import Signal
from tests.models.labelled_world import SETTINGS

TOML = """
path = "calls.csv"
order = "file"
default_kinds = "inferred"

[target]
column = "sold"
positive = "yes"

[treatment]
column = "letter"
control = "none"
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("flat")
    rng = np.random.default_rng(0)
    visits = rng.normal(size=2400).round(3)
    letter = rng.choice(["none", "gold", "blue"], 2400)
    score = visits + (letter == "gold") - 0.5
    sold = np.where(rng.random(2400) < 1 / (1 + np.exp(-score)), "yes", "no")
    pd.DataFrame({"visits": visits, "letter": letter, "sold": sold}).to_csv(
        folder / "calls.csv", index=False
    )
    (folder / "calls.toml").write_text(TOML)
    return read_dataset(folder / "calls.toml")


def test_treatments_become_offers_and_the_control_the_baseline(dataset: Dataset) -> None:
    labelled = labelled_rows(dataset)
    assert labelled.offer_ids == ("blue", "gold")
    accept, baseline = labelled.pairs[Signal.ACCEPT], labelled.pairs[Signal.BASELINE]
    control = dataset.treatment == "none"
    assert len(accept) == (~control).sum()
    assert len(baseline) == 2 * control.sum()


def test_a_flat_table_trains_and_predicts(dataset: Dataset, tmp_path: Path) -> None:
    early, late = np.arange(1800), np.arange(1800, 2400)
    trained = train_flat(some_rows(dataset, early), settings=SETTINGS, out=tmp_path / "set")
    models = CompiledModelSet.load(trained.folder)
    rest = some_rows(dataset, late)
    predicted = predict_flat(models, rest.frame, treatment=["gold"] * 600)
    assert auc(rest.target, predicted) > 0.65
    assert predicted.mean() > predict_flat(models, rest.frame, treatment=["blue"] * 600).mean()
    with pytest.raises(ModelError, match="'red' is no offer"):
        predict_flat(models, rest.frame, treatment=["red"] * 600)


def test_a_trial_elects_who_answers_for_the_effects(dataset: Dataset, tmp_path: Path) -> None:
    trained = train_flat(
        dataset,
        settings=replace(SETTINGS, uplift=UpliftSettings(learners=("t",), fewest_rows=150)),
        out=tmp_path / "set",
    )
    (answer,) = trained.manifest.effects
    assert (answer.profile, answer.learner in ("own", "t")) == ("all", True)
    models = CompiledModelSet.load(trained.folder)
    matrix = models.encode({"visits": dataset.frame["visits"].to_numpy()})
    blue, gold = models.effects(matrix, profile=np.full(len(matrix), "all")).mean(axis=0)
    # The gold letter adds one to the log-odds, the blue one nothing.
    assert gold == pytest.approx(0.2, abs=0.06)
    assert abs(blue) < 0.06


def test_the_rows_of_a_trial_lie_in_one_part_each(dataset: Dataset) -> None:
    labelled = labelled_rows(replace(dataset, time_order=None))
    pairs = labelled.pairs[Signal.BASELINE]
    split = split_pairs(labelled, pairs, settings=SETTINGS)
    parts = [set(pairs.row[each]) for each in (split.fit, split.select, split.judge)]
    assert sum(map(len, parts)) == len(set(pairs.row))


def test_without_time_the_split_is_random(dataset: Dataset, tmp_path: Path) -> None:
    undated = replace(dataset, time_order=None)
    trained = train_flat(undated, settings=SETTINGS, out=tmp_path / "set")
    assert trained.manifest.judged_from == ""
