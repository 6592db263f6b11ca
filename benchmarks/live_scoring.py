"""One contact scored live, whole: our graph, the bare call, batch code and the libraries, together.

The model set of a home, its own profiles, contacts of its training frame in random order; each
answers every signal of every offer and what the offer adds. Compared in one process, one thread,
contact by contact in turn (the libraries in a pass of their own, as they empty the caches):

bare          ONNX Runtime's `run` on the profile's graph, inputs ready
live          `LiveModelSet.score` of raw values: what a live decision calls
reasons       `LiveModelSet.reasons` of raw values and one offer, where the set has them
batch         `CompiledModelSet` on one contact: encode, then a call per signal, offers as rows
encoded once  scikit-learn and xgboost: the frame of one row goes through the fitted
              ColumnTransformer once, then each fitted estimator predicts the offers' rows
pipelines     scikit-learn and xgboost as they are commonly served: a fitted Pipeline per signal, on
              a frame of the contact with one row per offer

The libraries' estimators are those that the set's signals are made of (a logistic or straight line,
XGBoost with as many trees of as many leaves, both where combined, three lines where composed),
fitted on the same features; what they foretell is drawn, which changes no time. A set without
graphs gets them in a copy. Bars: live at most 3 times bare, pipelines at least 20 times live.

    python -m benchmarks.live_scoring --home callworth-home [--contacts 300]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from features.contract import Kind
from models.artefacts import write_contents
from models.compiled import CompiledModelSet
from models.live import LiveModelSet
from models.live_graph.ensembles import read_ensemble
from models.live_graph.writing import write_graphs
from models.live_parity import has_graphs
from models.model_set import ComposedForm, SignalForm, TreeForm, read_signal
from models.registry import current
from models.signals import Task

FITTED_ROWS = 4_000
OFFER = "offer_id"
Scorer = Callable[[int], Any]


def estimators(form: SignalForm, folder: Path) -> list[Any]:
    """Return unfitted estimators of the kind and size that a signal's model is made of."""
    amount = form.task == Task.AMOUNT
    line = Lasso(0.01) if amount else LogisticRegression(l1_ratio=1.0, solver="liblinear", C=0.1)
    found: list[Any] = []
    for part in form.parts:
        if isinstance(part, TreeForm):
            kind = xgboost.XGBRegressor if amount else xgboost.XGBClassifier
            trees = len(read_ensemble(folder / part.file).trees)
            leaves = {"max_leaves": 20, "max_depth": 8, "grow_policy": "lossguide"}
            found.append(kind(n_estimators=trees, learning_rate=0.03, n_jobs=1, **leaves))
        elif isinstance(part, ComposedForm):
            found += [LogisticRegression(C=0.1, solver="liblinear") for _ in range(2)] + [line]
        else:
            found.append(line)
    return found


def prepared(kinds: dict[str, str]) -> ColumnTransformer:
    """Return the unfitted encoding of a frame as the libraries are commonly told to do it."""
    nominal = [name for name, kind in kinds.items() if kind == Kind.NOMINAL]
    numeric = [name for name in kinds if name not in nominal]
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="(absent)"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    return ColumnTransformer([("numbers", numbers, numeric), ("texts", texts, [*nominal, OFFER])])


class Libraries:
    """A profile's signals as fitted scikit-learn and xgboost objects."""

    def __init__(
        self, models: CompiledModelSet, folder: Path, frame: pd.DataFrame, *, profile: str
    ) -> None:
        rng = np.random.default_rng(0)
        kinds = dict(models.manifest.features)
        self.offers = list(models.offer_ids)
        rows = frame.sample(FITTED_ROWS, replace=True, random_state=0).reset_index(drop=True)
        rows[OFFER] = rng.choice(np.array(self.offers, dtype=object), len(rows))
        self.encoding = prepared(kinds).fit(rows)
        encoded = self.encoding.transform(rows)
        score = encoded[:, :10] @ rng.normal(0.0, 0.5, 10)
        label = rng.random(len(rows)) < 1 / (1 + np.exp(-score))
        self.estimators = [
            each.fit(encoded, score if hasattr(each, "alpha") or _regresses(each) else label)
            for signal in models.signals
            if (answer := models.manifest.answer(signal, profile)) is not None
            for each in estimators(read_signal(folder / answer.file), folder)
        ]
        self.pipelines = [
            Pipeline([("encoding", self.encoding), ("estimator", each)]) for each in self.estimators
        ]

    def rows(self, contact: pd.DataFrame) -> pd.DataFrame:
        """Return the contact once per offer."""
        return contact.loc[contact.index.repeat(len(self.offers))].assign(**{OFFER: self.offers})

    def by_pipelines(self, contact: pd.DataFrame) -> list[Any]:
        """Return every estimator's answers, each through its own pipeline."""
        rows = self.rows(contact)
        return [_foretold(each, rows) for each in self.pipelines]

    def encoded_once(self, contact: pd.DataFrame) -> list[Any]:
        """Return every estimator's answers from one encoding."""
        encoded = self.encoding.transform(self.rows(contact))
        return [_foretold(each, encoded) for each in self.estimators]


def _regresses(estimator: Any) -> bool:
    return isinstance(estimator, xgboost.XGBRegressor)


def _foretold(estimator: Any, rows: Any) -> Any:
    proba = getattr(estimator, "predict_proba", None)
    return estimator.predict(rows) if proba is None else proba(rows)[:, 1]


def by_batch(models: CompiledModelSet, columns: dict[str, list[Any]], profile: str) -> Any:
    """Return every signal and the effects of one contact through the batch code."""
    row = models.encode(columns)
    count = len(models.offer_ids)
    matrix, whose = np.repeat(row, count, axis=0), np.full(count, profile)
    places = np.arange(count)
    found = [models.predict(s, matrix, profile=whose, offer=places) for s in models.signals]
    return found, models.elected_effects(row, profile=whose[:1])


def scorers(
    folder: Path, frame: pd.DataFrame, contacts: pd.DataFrame, *, profile: str
) -> dict[str, Scorer]:
    """Return what is compared, each as a function of a contact's place."""
    live, models = LiveModelSet.load(folder), CompiledModelSet.load(folder)
    names = list(live.features)
    told = [
        [None if value != value else value for value in row]
        for row in contacts[names].astype(object).to_numpy().tolist()
    ]
    session = live.session(profile)
    feeds = [{k: v.copy() for k, v in live.inputs(values).items()} for values in told]
    columns = [{name: [value] for name, value in zip(names, row, strict=True)} for row in told]
    frames = [contacts[names].iloc[at : at + 1] for at in range(len(contacts))]
    libraries = Libraries(models, folder, frame, profile=profile)
    return {
        "bare": lambda at: session.run(["scores"], feeds[at]),
        "live": lambda at: live.score(told[at], profile=profile),
        "reasons": lambda at: live.reasons(told[at], profile=profile, offer=0),
        "batch": lambda at: by_batch(models, columns[at], profile),
        "encoded once": lambda at: libraries.encoded_once(frames[at]),
        "pipelines": lambda at: libraries.by_pipelines(frames[at]),
    }


def timed(compared: dict[str, Scorer], count: int) -> dict[str, list[float]]:
    """Return microseconds of each; the first five contacts are not counted.

    Who comes first changes from contact to contact: the one before leaves its data in the caches.
    """
    found: dict[str, list[float]] = {name: [] for name in compared}
    names = list(compared)
    for turn, at in enumerate([*range(5), *range(count)]):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            start = time.perf_counter_ns()
            compared[name](at)
            found[name].append((time.perf_counter_ns() - start) / 1e3)
    return {name: each[5:] for name, each in found.items()}


def told_of(compared: dict[str, Scorer], count: int) -> dict[str, list[float]]:
    """Return the times of all; the libraries in a pass of their own, as they empty the caches."""
    ours = {name: compared[name] for name in ("bare", "live", "reasons", "batch")}
    theirs = {name: each for name, each in compared.items() if name not in ours}
    return timed(ours, count) | timed(theirs, count)


def with_graphs(folder: Path, scratch: Path) -> Path:
    """Return the folder, or a copy with live graphs where it is of an earlier version."""
    if has_graphs(folder):
        return folder
    shutil.copytree(folder, scratch / "set")
    write_graphs(scratch / "set")
    write_contents(scratch / "set")
    return scratch / "set"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--contacts", type=int, default=300)
    given = parser.parse_args()
    in_force = current(given.home)
    assert in_force is not None, "no model set is in force: callworth promote"
    frame = pq.read_table(given.home / "features" / "training.parquet").to_pandas()
    with tempfile.TemporaryDirectory() as scratch, threadpool_limits(limits=1):
        folder = with_graphs(in_force, Path(scratch))
        print("profile       what          p50 us    p99 us  p50/bare  p50/live")
        for profile in (*CompiledModelSet.load(folder).profiles, "all"):
            own = frame[frame["stage"] == profile] if profile != "all" else frame
            contacts = own.sample(given.contacts, replace=True, random_state=1)
            compared = scorers(folder, frame, contacts, profile=profile)
            told = told_of(compared, given.contacts)
            middle = {name: statistics.median(each) for name, each in told.items()}
            for name, each in told.items():
                print(
                    f"{profile:12}  {name:12}{middle[name]:8.0f}  {np.percentile(each, 99):8.0f}"
                    f"  {middle[name] / middle['bare']:8.2f}  {middle[name] / middle['live']:8.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
