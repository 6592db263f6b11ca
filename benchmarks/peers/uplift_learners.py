"""Fit EconML's and CausalML's learners on given folds, and score with scikit-uplift.

    /tmp/peers/bin/python -W ignore uplift_learners.py asked.npz answer.json

Run by `benchmarks.uplift_hillstrom` in an environment of its own, which needs econml, causalml and
scikit-uplift. `asked.npz` holds the matrix, treatment (0 or 1), outcome and fold of every contact,
and the scores of our learners. The base of every learner is XGBoost
with 100 trees of depth 3, or scikit-learn's linear models; the probability of treatment is given.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def learners(event):
    from causalml.inference.meta import (
        BaseRRegressor,
        BaseSRegressor,
        BaseTRegressor,
        BaseXRegressor,
    )
    from econml.dr import DRLearner
    from econml.metalearners import TLearner, XLearner
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LassoCV, LinearRegression, LogisticRegression
    from xgboost import XGBRegressor

    def trees():
        return XGBRegressor(
            n_estimators=100, max_depth=3, learning_rate=0.05, min_child_weight=20, n_jobs=1
        )

    def first():
        return LogisticRegression(max_iter=500) if event else LinearRegression()

    given = {"propensity_model": DummyClassifier(strategy="prior")}
    return {
        "econml t, xgboost": TLearner(models=trees()),
        "econml x, xgboost": XLearner(models=trees(), **given),
        "econml dr, linear": DRLearner(
            model_propensity=DummyClassifier(strategy="prior"),
            model_regression=first() if event else LinearRegression(),
            model_final=LassoCV(cv=3),
            discrete_outcome=event,
            random_state=0,
        ),
        "causalml s, xgboost": BaseSRegressor(learner=trees()),
        "causalml t, xgboost": BaseTRegressor(learner=trees()),
        "causalml t, linear": BaseTRegressor(learner=LinearRegression()),
        "causalml x, xgboost": BaseXRegressor(learner=trees()),
        "causalml r, xgboost": BaseRRegressor(learner=trees(), random_state=0),
    }


def fitted_effects(name, learner, x, t, y, unseen):
    if name.startswith("econml"):
        learner.fit(y, t, X=x)
        return np.asarray(learner.effect(unseen)).reshape(-1)
    p = np.full(len(x), float(t.mean()))
    q = np.full(len(unseen), float(t.mean()))
    if " s," in name or " t," in name:
        learner.fit(X=x, treatment=t, y=y)
        return np.asarray(learner.predict(X=unseen)).reshape(-1)
    learner.fit(X=x, treatment=t, y=y, p=p)
    return np.asarray(learner.predict(X=unseen, p=q)).reshape(-1)


def main():
    asked = np.load(sys.argv[1], allow_pickle=False)
    x, t, y, fold = (asked[name] for name in ("matrix", "treatment", "outcome", "fold"))
    event = set(np.unique(y)) <= {0.0, 1.0}
    answer = {"effects": {}, "seconds": {}, "qini": {}, "auuc": {}}
    for name in learners(event):
        scores, began = np.zeros(len(x)), time.perf_counter()
        for each in np.unique(fold):
            out = fold == each
            learner = learners(event)[name]
            scores[out] = fitted_effects(name, learner, x[~out], t[~out], y[~out], x[out])
        answer["seconds"][name] = time.perf_counter() - began
        answer["effects"][name] = scores.tolist()
    if event:
        from sklift.metrics import qini_auc_score, uplift_auc_score

        ours = {name[5:]: asked[name] for name in asked.files if name.startswith("ours_")}
        for name, found in {**ours, **answer["effects"]}.items():
            scores = np.asarray(found)
            answer["qini"][name] = float(qini_auc_score(y, scores, t))
            answer["auuc"][name] = float(uplift_auc_score(y, scores, t))
    Path(sys.argv[2]).write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
