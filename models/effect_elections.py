"""Who answers for the effects of each profile: elected, and fitted again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.progress import Track
from models.candidates.contract import Rows
from models.model_set import Answer
from models.planning import Labelled
from models.profile_effects import ProfileEffects, profile_effects
from models.selection import Elected
from models.settings import TrainingSettings
from models.signals import Signal
from models.splits import Split
from models.uplift.base import BaseSettings
from models.uplift.learners.listed import LEARNERS
from models.uplift.nested_election import elect_effects
from models.uplift.presented import PresentedRows

Numbers = NDArray[np.float64]
Models = Mapping[tuple[str, str], Elected]


def elect_profiles(
    labelled: Labelled,
    splits: Mapping[Signal, Split],
    matrix: NDArray[np.float32],
    *,
    answers: Sequence[Answer],
    elected: Models,
    settings: TrainingSettings,
    track: Track,
) -> list[ProfileEffects]:
    """Return every profile with who answers for its effects; nothing where nothing was logged."""
    if labelled.logged is None or not settings.uplift.learners:
        return []
    profiles = [
        profile_effects(labelled, splits, matrix, profile=name)
        for name in sorted(set(labelled.profile.tolist()))
    ]

    def hold(place: int, each: ProfileEffects) -> tuple[int, ProfileEffects]:
        rng = np.random.default_rng([settings.seed, place])
        own = own_effects(
            each.rows.take(each.split.select), each.profile, answers=answers, elected=elected
        )
        return place, _held(each, own=own, settings=settings, rng=rng)

    found: dict[int, ProfileEffects] = {}
    with (
        track("Electing effects", total=len(profiles), unit="profiles") as done,
        threadpool_limits(limits=1),
    ):
        parallel = Parallel(
            n_jobs=settings.jobs, backend="threading", return_as="generator_unordered"
        )
        results: Iterator[Any] = parallel(delayed(hold)(*each) for each in enumerate(profiles))
        for place, each in results:
            found[place] = each
            done(1)
    return [found[place] for place in sorted(found)]


def own_effects(
    rows: PresentedRows, profile: str, *, answers: Sequence[Answer], elected: Models
) -> Numbers | None:
    """Return (n, k) acceptance less baseline by the champions as they stood in their elections."""
    uses = {answer.signal: answer.uses for answer in answers if answer.profile == profile}
    if not {str(Signal.ACCEPT), str(Signal.BASELINE)} <= uses.keys():
        return None
    count, none = len(rows), np.zeros(len(rows))
    found = np.empty((count, rows.offers))
    for offer in range(rows.offers):
        asked = Rows(rows.matrix, np.full(count, offer), rows.offers, none, np.ones(count), rows.at)
        said = [
            winner.predict_as(winner.champion, asked)
            for winner in (elected[signal, uses[signal]] for signal in ("accept", "baseline"))
        ]
        found[:, offer] = said[0] - said[1]
    return found


def _held(
    each: ProfileEffects,
    *,
    own: Numbers | None,
    settings: TrainingSettings,
    rng: np.random.Generator,
) -> ProfileEffects:
    fit = _sampled(each.split.fit, settings.uplift.most_rows, rng)
    rows, select = each.rows.take(fit), each.rows.take(each.split.select)
    why = _too_few(rows, select, fewest=settings.uplift.fewest_rows)
    if why:
        return replace(each, why=f"The set's own models answer: {why}.")
    base = _base(settings)
    kinds = [kind for kind in LEARNERS if kind.name in settings.uplift.learners]
    election = elect_effects(
        rows,
        select,
        own=own,
        learners=kinds,
        settings=base,
        tolerance_errors=settings.uplift.tolerance_errors,
        rng=rng,
    )
    chosen = [kind for kind in kinds if kind.name == election.name]
    again = each.rows.take(np.concatenate([fit, each.split.select]))
    learner = chosen[0](base).fit(again, rng=rng) if chosen else None
    return replace(each, election=election, learner=learner)


def _base(settings: TrainingSettings) -> BaseSettings:
    penalties = BaseSettings().candidate.penalties
    return BaseSettings(candidate=replace(settings.candidates, penalties=penalties))


def _sampled(rows: NDArray[np.intp], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _too_few(fit: PresentedRows, select: PresentedRows, *, fewest: int) -> str:
    """Return why no election can be held, "" when it can."""
    for part, of, least in (("fit", fit, fewest), ("select", select, fewest // 4)):
        given, nothing = int((of.action >= 0).sum()), int((of.action < 0).sum())
        if min(given, nothing) < least:
            return (
                f"{given} contacts with an offer and {nothing} with nothing in the {part} part, "
                f"fewer than {least}"
            )
    return "" if fit.comparable.any() and select.comparable.any() else "nothing can be compared"
