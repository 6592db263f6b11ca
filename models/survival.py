"""When customers leave, and by which cause: hazards per period, from lives watched unequally long.

A life of k periods gives k rows, one for each period at whose start it was still going on. The
hazard of cause c in period t is the chance to end by c in t, of those still there at its start
(Tutz and Schmid, Modeling discrete time-to-event data, 2016). Lives that are still going on count
for just as long as they were watched: they are never zeros. The cumulative incidence of c up to t
adds up hazard times the chance to have ended by nothing before: a policy that ended by death
cannot lapse any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from models.errors import ModelError

Floats = NDArray[np.float64]
Wholes = NDArray[np.intp]
STILL_THERE = 0
_HELD_SHARE = 0.2
_ROUNDS, _PATIENCE = 400, 20
_EDGE = 1e-12


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How n lives went: `periods` (n,) counts those watched, the last included; at least 1.

    `cause` (n,) is 0 where a life was still going on after its last period, else 1, 2, ... by
    what it ended in its last period.
    """

    periods: Wholes
    cause: Wholes

    def __post_init__(self) -> None:
        if len(self.periods) != len(self.cause):
            raise ModelError(
                f"There are {len(self.periods)} lengths and {len(self.cause)} causes.",
                fix="Give one of each per life.",
            )
        if len(self.periods) and (self.periods.min() < 1 or self.cause.min() < STILL_THERE):
            raise ModelError(
                "A life has fewer than 1 period, or a cause below 0.",
                fix="Count the period in which it began as 1; 0 says that it is still going on.",
            )

    def __len__(self) -> int:
        return len(self.periods)

    def take(self, chosen: Wholes | NDArray[np.bool_]) -> Lifetimes:
        """Return the chosen lives."""
        return Lifetimes(self.periods[chosen], self.cause[chosen])

    def expanded(self) -> tuple[Wholes, Wholes, Wholes]:
        """Return (m,) life, period (from 1) and cause (0 unless it ended then) of each row."""
        life = np.repeat(np.arange(len(self)), self.periods)
        first = np.cumsum(self.periods) - self.periods
        period = np.arange(len(life)) - first[life] + 1
        ended = np.where(period == self.periods[life], self.cause[life], STILL_THERE)
        return life.astype(np.intp), period.astype(np.intp), ended.astype(np.intp)


class _Hazards(Protocol):
    def __call__(self, matrix: Floats, period: Wholes) -> Floats:
        """Return (m, causes + 1) chances of each end in the period, going on first."""
        ...


@dataclass(frozen=True)
class HazardModel:
    """Hazards per period of every cause; `last` is the last period that was watched."""

    name: str
    causes: int
    last: int
    held_loss: float
    _hazards: _Hazards = field(repr=False)

    def hazards(self, matrix: Floats, *, periods: int) -> Floats:
        """Return (n, periods, causes) hazards; raises ModelError beyond the last period watched."""
        if not 1 <= periods <= self.last:
            raise ModelError(
                f"{periods} periods were asked for; lives were watched for {self.last}.",
                fix=f"Ask for 1 to {self.last}.",
            )
        out = np.empty((len(matrix), periods, self.causes))
        for period in range(1, periods + 1):
            at = np.full(len(matrix), period, dtype=np.intp)
            out[:, period - 1] = self._hazards(matrix, at)[:, 1:]
        return out

    def incidence(self, matrix: Floats, *, cause: int, periods: int) -> Floats:
        """Return (n, periods): the chance to have ended by `cause` by the end of each period."""
        hazard = self.hazards(matrix, periods=periods)
        going_on = np.cumprod(1.0 - hazard.sum(axis=2), axis=1)
        before = np.hstack([np.ones((len(matrix), 1)), going_on[:, :-1]])
        return np.asarray(np.cumsum(before * hazard[:, :, cause - 1], axis=1))


def fit_hazards(
    matrix: Floats, lives: Lifetimes, *, seed: int = 0, most_periods: int | None = None
) -> HazardModel:
    """Return the better of a logistic and a boosted hazard model of (n, p) `matrix`.

    A fifth of the lives is held out to choose, and to end the boosting; the better one by log loss
    of the periods is fitted again on all. Lives are cut after `most_periods`: later periods teach
    nothing about earlier ones. Raises ModelError when no life has ended.
    """
    if most_periods is not None:
        late = lives.periods > most_periods
        cause = np.where(late, STILL_THERE, lives.cause)
        lives = Lifetimes(np.minimum(lives.periods, most_periods), cause)
    if not len(lives) or lives.cause.max() == STILL_THERE:
        raise ModelError(
            "No life has ended, so there is no hazard to learn.", fix="Give lives that ended."
        )
    held = np.random.default_rng(seed).random(len(lives)) < _HELD_SHARE
    fit = _Periods(matrix[~held], lives.take(~held), int(lives.cause.max()))
    rest = _Periods(matrix[held], lives.take(held), fit.causes)
    rounds = _rounds(fit, rest, seed=seed)
    makers: dict[str, Callable[[_Periods], _Hazards]] = {
        "logistic": partial(_logistic, last=int(lives.periods.max())),
        "boosted": partial(_boosted, rounds=rounds, seed=seed),
    }
    losses = {name: rest.loss(make(fit)) for name, make in makers.items()}
    best = min(losses, key=lambda name: losses[name])
    made = makers[best](_Periods(matrix, lives, fit.causes))
    return HazardModel(best, fit.causes, int(lives.periods.max()), losses[best], made)


class _Periods:
    """The expanded rows of some lives."""

    def __init__(self, matrix: Floats, lives: Lifetimes, causes: int) -> None:
        life, self.period, self.ended = lives.expanded()
        self.matrix = matrix[life]
        self.causes = causes

    def loss(self, hazards: _Hazards) -> float:
        """Return the mean log loss of what happened in each period."""
        found = hazards(self.matrix, self.period)
        said = found[np.arange(len(found)), self.ended]
        return float(-np.log(np.maximum(said, _EDGE)).mean())


def _logistic(rows: _Periods, *, last: int) -> _Hazards:
    """Return multinomial logistic hazards: a level of its own for every period."""

    def design(matrix: Floats, period: Wholes) -> Floats:
        return np.hstack([matrix, np.eye(last)[np.minimum(period, last) - 1]])

    model = LogisticRegression(C=1.0, max_iter=300, tol=1e-3)
    model.fit(design(rows.matrix, rows.period), rows.ended)
    classes = model.classes_

    def hazards(matrix: Floats, period: Wholes) -> Floats:
        found = np.zeros((len(matrix), rows.causes + 1))
        found[:, classes] = model.predict_proba(design(matrix, period))
        return found

    return hazards


def _rounds(fit: _Periods, held: _Periods, *, seed: int) -> int:
    """Return after how many rounds boosting brings nothing on the held lives."""
    watched = [(_data(held), "held")]
    grown = xgboost.train(
        _parameters(fit, seed),
        _data(fit),
        num_boost_round=_ROUNDS,
        evals=watched,
        early_stopping_rounds=_PATIENCE,
        verbose_eval=False,
    )
    return int(grown.best_iteration) + 1


def _boosted(rows: _Periods, *, rounds: int, seed: int) -> _Hazards:
    """Return hazards of boosted trees: what counts may change with the period."""
    model = xgboost.train(_parameters(rows, seed), _data(rows), num_boost_round=rounds)

    def hazards(matrix: Floats, period: Wholes) -> Floats:
        found = model.inplace_predict(np.column_stack([matrix, period]))
        return np.asarray(found, dtype=np.float64)

    return hazards


def _data(rows: _Periods) -> Any:
    return xgboost.DMatrix(np.column_stack([rows.matrix, rows.period]), rows.ended, nthread=1)


def _parameters(rows: _Periods, seed: int) -> dict[str, Any]:
    return {
        "objective": "multi:softprob",
        "num_class": rows.causes + 1,
        "eval_metric": "mlogloss",
        "tree_method": "hist",
        "max_depth": 4,
        "eta": 0.08,
        "min_child_weight": 10,
        "subsample": 0.8,
        "lambda": 5.0,
        "seed": seed,
        "nthread": 1,
    }


def aalen_johansen(lives: Lifetimes, *, cause: int, periods: int) -> Floats:
    """Return (periods,) the share ended by `cause` by the end of each, without any covariate.

    The estimator of Aalen and Johansen (1978) in whole periods; those still there at the end of
    their last period leave the risk set after it.
    """
    at = np.arange(1, periods + 1)
    at_risk = np.maximum((lives.periods[:, None] >= at).sum(axis=0), 1)
    ends = lives.periods[:, None] == at
    any_cause = (ends & (lives.cause[:, None] != STILL_THERE)).sum(axis=0) / at_risk
    of_cause = (ends & (lives.cause[:, None] == cause)).sum(axis=0) / at_risk
    before = np.concatenate([[1.0], np.cumprod(1.0 - any_cause)[:-1]])
    return np.asarray(np.cumsum(before * of_cause))


def _watched(lives: Lifetimes, *, periods: int) -> Floats:
    """Return (periods,) the chance to be watched through each period (Kaplan and Meier).

    In a period ends come before the watching stops.
    """
    at = np.arange(1, periods + 1)
    stopped = (lives.periods[:, None] == at) & (lives.cause[:, None] == STILL_THERE)
    going_on = (lives.periods[:, None] > at).sum(axis=0) + stopped.sum(axis=0)
    kept = 1.0 - stopped.sum(axis=0) / np.maximum(going_on, 1)
    return np.asarray(np.maximum(np.concatenate([[1.0], np.cumprod(kept)[:-1]]), _EDGE))


def known_by(lives: Lifetimes, *, cause: int, periods: int) -> tuple[Floats, Floats]:
    """Return (n,) whether each life ended by `cause` within `periods`, and its weight.

    Lives watched too short to tell weigh 0; the others weigh up for them by the inverse chance of
    having been watched long enough (Blanche, Dartigues and Jacqmin-Gadda, 2013).
    """
    ended = (lives.cause != STILL_THERE) & (lives.periods <= periods)
    told = ended | (lives.periods >= periods)
    until = np.where(ended, lives.periods, periods)
    weight = np.where(told, 1.0 / _watched(lives, periods=periods)[until - 1], 0.0)
    return (ended & (lives.cause == cause)).astype(np.float64), weight
