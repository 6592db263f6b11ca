"""A search over the candidates' settings: bounded, seeded, resumable; the defaults are tried first.

One study per candidate and signal, on all profiles' rows over the election's own origins, so that
the judge part is never looked at. A study ends with its share of the seconds or its last trial. It
is kept in a journal: the same search asked again goes on where it stopped, and a finished one
gives the same settings at once. Tree-structured Parzen estimators propose (Optuna).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.progress import Track, silent
from models.candidates.boosted import Boosted
from models.candidates.contract import CandidateSettings, Rows
from models.candidates.forest import Forest
from models.candidates.linear import Linear
from models.ordering import first_within_error, ordering_losses
from models.origins import Origin
from models.signals import Task

if TYPE_CHECKING:
    import optuna

Losses = NDArray[np.float64]
# What is found must beat the defaults by more than this many standard errors of the difference.
_TOLERANCE = 0.25
# More rows say little more about a setting, and cost.
_MOST_ROWS = 20_000
_FINER = (0.3, 0.2, 0.1, 0.06, 0.03, 0.017, 0.01, 0.006, 0.003, 0.0017, 0.001)


class _Between:
    """Asks a trial for values around those given: they always lie within."""

    def __init__(self, trial: optuna.trial.BaseTrial, given: CandidateSettings) -> None:
        self._trial, self._given = trial, given

    def whole(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        value = int(getattr(self._given, name))
        return self._trial.suggest_int(name, min(low, value), max(high, value), log=log)

    def number(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        value = float(getattr(self._given, name))
        return self._trial.suggest_float(name, min(low, value), max(high, value), log=log)


def _linear(trial: optuna.trial.BaseTrial, given: CandidateSettings) -> CandidateSettings:
    finer = trial.suggest_categorical("finer", [False, True])
    return replace(
        given,
        products=_Between(trial, given).whole("products", 0, 40),
        penalties=_FINER if finer else given.penalties,
    )


def _forest(trial: optuna.trial.BaseTrial, given: CandidateSettings) -> CandidateSettings:
    between = _Between(trial, given)
    return replace(
        given,
        tree_depth=between.whole("tree_depth", 4, 16),
        rows_per_leaf=between.whole("rows_per_leaf", 5, 100, log=True),
        feature_share=between.number("feature_share", 0.03, 0.5, log=True),
        bootstrap_rows_at_most=between.whole("bootstrap_rows_at_most", 2000, 16_000, log=True),
    )


def _boosted(trial: optuna.trial.BaseTrial, given: CandidateSettings) -> CandidateSettings:
    between = _Between(trial, given)
    return replace(
        given,
        boosted_leaves=between.whole("boosted_leaves", 4, 64, log=True),
        boosted_depth=between.whole("boosted_depth", 2, 12),
        learning_rate=between.number("learning_rate", 0.015, 0.12, log=True),
        boosted_feature_share=between.number("boosted_feature_share", 0.3, 1.0),
    )


@dataclass(frozen=True, slots=True)
class _Space:
    """What is searched for one candidate: its share of the seconds, and the defaults' values."""

    kind: type[Linear] | type[Forest] | type[Boosted]
    share: float
    propose: Callable[[optuna.trial.BaseTrial, CandidateSettings], CandidateSettings]
    defaults: Callable[[CandidateSettings], dict[str, Any]]


def _named(*names: str) -> Callable[[CandidateSettings], dict[str, Any]]:
    return lambda given: {name: getattr(given, name) for name in names}


_SPACES = (
    _Space(Linear, 0.2, _linear, lambda given: {"finer": False, "products": given.products}),
    _Space(
        Forest,
        0.3,
        _forest,
        _named("tree_depth", "rows_per_leaf", "feature_share", "bootstrap_rows_at_most"),
    ),
    _Space(
        Boosted,
        0.5,
        _boosted,
        _named("boosted_leaves", "boosted_depth", "learning_rate", "boosted_feature_share"),
    ),
)


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search found: the settings, and a row per candidate of what was tried."""

    settings: CandidateSettings
    told: tuple[dict[str, Any], ...]


def search(
    spans: Sequence[Origin],
    *,
    task: Task,
    settings: CandidateSettings,
    seconds: float,
    trials: int,
    journal: Path,
    name: str,
    track: Track = silent,
) -> Searched:
    """Return the settings that order the held rows of the origins best.

    `seconds` are shared out over the candidates, each of at most `trials` trials; `journal` is the
    file that keeps them, `name` the search within it (what differs, such as the data, is told).
    """
    spans = [_bounded(span, seed=settings.seed) for span in spans]
    found, told = settings, []
    with track(
        f"Searching for {name.split()[0]}", total=trials * len(_SPACES), unit="trials"
    ) as done:
        for space in _SPACES:
            study = _study(space, settings, journal=journal, name=name)
            _go_on(study, space, spans, task, settings, seconds * space.share, trials, done)
            best = _better(study, space, spans, task=task, given=settings)
            found = best(found)
            told.append(
                {
                    "candidate": str(space.kind.name),
                    "trials": len(study.trials),
                    "loss_of_defaults": study.trials[0].value,
                    "best_loss": study.best_value,
                    "settings": study.best_params if best is not _unchanged else {},
                }
            )
    return Searched(found, tuple(told))


def _study(space: _Space, settings: CandidateSettings, *, journal: Path, name: str) -> optuna.Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal.parent.mkdir(parents=True, exist_ok=True)
    said = json.dumps([name, asdict(settings)], sort_keys=True, default=str)
    digest = hashlib.sha256(said.encode()).hexdigest()[:16]
    study = optuna.create_study(
        storage=JournalStorage(JournalFileBackend(str(journal))),
        sampler=optuna.samplers.TPESampler(seed=settings.seed, n_startup_trials=6),
        study_name=f"{name} {space.kind.name} {digest}",
        load_if_exists=True,
    )
    if not study.trials:
        study.enqueue_trial(space.defaults(settings))
    return study


def _go_on(
    study: optuna.Study,
    space: _Space,
    spans: Sequence[Origin],
    task: Task,
    given: CandidateSettings,
    seconds: float,
    trials: int,
    done: Callable[[int], None],
) -> None:
    """Try until the seconds, those of earlier runs included, or the trials are spent."""
    from optuna.trial import TrialState

    ended = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    spent = sum(trial.duration.total_seconds() for trial in ended if trial.duration)
    done(len(ended))
    left = trials - len(ended)
    if left <= 0 or (ended and spent >= seconds):
        return

    def loss(trial: optuna.Trial) -> float:
        value = float(_losses(space, spans, task, space.propose(trial, given)).mean())
        done(1)
        return value

    # The defaults are always tried, however few the seconds.
    study.optimize(loss, n_trials=left, timeout=max(seconds - spent, 1e-3))


def _unchanged(settings: CandidateSettings) -> CandidateSettings:
    return settings


def _better(
    study: optuna.Study,
    space: _Space,
    spans: Sequence[Origin],
    *,
    task: Task,
    given: CandidateSettings,
) -> Callable[[CandidateSettings], CandidateSettings]:
    """Return how the best trial changes settings; not at all unless it is clearly better."""
    import optuna

    if study.best_trial.number == 0:
        return _unchanged
    best = optuna.trial.FixedTrial(study.best_params)
    both = [_losses(space, spans, task, each) for each in (given, space.propose(best, given))]
    if first_within_error(both, tolerance_errors=_TOLERANCE) == 0:
        return _unchanged
    return lambda settings: space.propose(best, settings)


def _losses(
    space: _Space, spans: Sequence[Origin], task: Task, settings: CandidateSettings
) -> Losses:
    found = []
    for span in spans:
        made = space.kind(settings, task=task).fit(span.fit, held=span.held)
        found.append(ordering_losses(made.score(span.held), span.held, task=task))
    return np.concatenate(found)


def _bounded(span: Origin, *, seed: int) -> Origin:
    """Return the origin with at most so many rows on either side, evenly drawn."""
    rng = np.random.default_rng(seed)

    def drawn(rows: Rows) -> Rows:
        if len(rows) <= _MOST_ROWS:
            return rows
        return rows.take(np.sort(rng.choice(len(rows), _MOST_ROWS, replace=False)))

    return Origin(drawn(span.fit), drawn(span.held))
