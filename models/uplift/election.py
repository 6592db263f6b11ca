"""The election of an uplift learner: no one sees an effect, so held-out scores decide.

The rule. The customers are cut into folds. Every learner is fitted on all folds but one, its
outcome models too, and ranks the contacts of that one. What each ranking earns is the area under
its gain curve (models.uplift.ranking), by doubly robust scores of contacts that no fit has seen,
less what any order with any allowed offer earns. A learner stands when its advantage is surely
above 0: one-sided 5 %, divided by the number of learners (Bonferroni), errors clustered by
customer. Of those that stand, the simplest within `tolerance_errors` standard errors of the
largest advantage wins, in the order response, S, T, X, DR, R. When none stands, no one is elected:
nothing ranks better than chance. The R score is shown as a second opinion and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.judging.influence import Estimate
from models.judging.intervals import Difference, difference_of
from models.uplift.base import BaseSettings
from models.uplift.doubly_robust import effect_scores
from models.uplift.effect_deciles import EffectCalibration, effect_calibration
from models.uplift.effects import NORMAL_95, Effect, clustered_error
from models.uplift.folds import customer_folds
from models.uplift.learners.contract import Learner, Name
from models.uplift.learners.listed import LEARNERS
from models.uplift.outcomes import cross_fit_outcomes
from models.uplift.presented import PresentedRows
from models.uplift.r_score import r_score
from models.uplift.ranking import area_at_random, area_by_offer

Numbers = NDArray[np.float64]

# The chance, at most, that any learner stands although none ranks better than at random.
FALSE_ALARM = 0.05
_PER = 1000.0
_LEAST_COMPARED = 2


@dataclass(frozen=True, slots=True)
class ElectionSettings:
    """How the election is held; `tolerance_errors` as in the election of candidates."""

    base: BaseSettings = field(default_factory=BaseSettings)
    folds: int = 5
    tolerance_errors: float = 1.0
    learners: tuple[type[Learner], ...] = LEARNERS


@dataclass(frozen=True, slots=True)
class LearnerStanding:
    """One learner on the held-out folds.

    `advantage` is the mean outcome per contact, over all depths, that its ranking adds to one at
    random. `stands` says whether it is surely above 0. `r_score` is None for what ranks only.
    """

    name: Name
    advantage: Difference
    stands: bool
    r_score: float | None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What fits without a contact's customer say of it.

    `effects` maps each learner to (n, k) effects, `expected` is (n, k + 1) expected outcomes,
    `scores` (n, k) doubly robust effect scores (NaN where not comparable), `fold` (n,).
    """

    effects: Mapping[Name, Numbers]
    expected: Numbers
    scores: Numbers
    fold: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class ElectedLearner:
    """Who ranks, and why; `name` and `learner` are None when nothing ranks better than chance.

    `learner` is fitted on all contacts. `found` is one plain sentence. `average` holds each
    offer's mean effect on those it could be compared for: what is left to decide by when no one
    is elected. `calibration` compares, offer by offer, what the elected learner says with what was
    observed; where the response model is elected, its line turns scores into effects. Both are None
    for an offer that was never comparable.
    """

    name: Name | None
    learner: Learner | None
    standings: tuple[LearnerStanding, ...]
    average: tuple[Effect | None, ...]
    calibration: tuple[EffectCalibration | None, ...]
    held_out: HeldOut
    found: str


def elect_learner(
    rows: PresentedRows,
    *,
    rng: np.random.Generator,
    settings: ElectionSettings | None = None,
    outcome: str = "the outcome",
) -> ElectedLearner:
    """Return the learner elected by the rule above; `outcome` names it in the sentence found."""
    settings = settings or ElectionSettings()
    held_out = hold_out(rows, settings=settings, rng=rng)
    allowed = rows.comparable
    chance = area_at_random(np.nan_to_num(held_out.scores), allowed=allowed)
    areas = {
        name: area_by_offer(worth, np.nan_to_num(held_out.scores), allowed=allowed)
        for name, worth in held_out.effects.items()
    }
    standings = _standings(rows, held_out, areas, chance=chance, settings=settings)
    name = _winner(standings, areas, customer=rows.customer, tolerance=settings.tolerance_errors)
    learner = None
    if name is not None:
        kind = next(each for each in settings.learners if each.name is name)
        learner = kind(settings.base).fit(rows, rng=rng)
    average = average_effects(held_out.scores, customer=rows.customer)
    calibration = _calibration(name, held_out, customer=rows.customer)
    found = _sentence(name, standings, outcome=outcome)
    return ElectedLearner(name, learner, standings, average, calibration, held_out, found)


def hold_out(
    rows: PresentedRows, *, settings: ElectionSettings, rng: np.random.Generator
) -> HeldOut:
    """Return what every learner says of each contact, fitted without the fold of its customer."""
    fold = customer_folds(rows.customer, count=settings.folds, rng=rng)
    effects = {kind.name: np.empty((len(rows), rows.offers)) for kind in settings.learners}
    expected = np.empty((len(rows), rows.offers + 1))
    for each, stream in enumerate(rng.spawn(settings.folds)):
        out = fold == each
        seen, unseen = rows.take(~out), rows.matrix[out]
        fits = cross_fit_outcomes(seen, settings=settings.base, rng=stream)
        expected[out] = fits.models.predict(unseen)
        for kind in settings.learners:
            fitted = kind(settings.base).fit(seen, rng=stream, outcomes=fits)
            effects[kind.name][out] = fitted.effects(unseen)
    return HeldOut(effects, expected, effect_scores(rows, expected=expected), fold)


def average_effects(scores: Numbers, *, customer: NDArray[np.int64]) -> tuple[Effect | None, ...]:
    """Return each offer's mean effect over the contacts it could be compared for.

    `scores` is (n, k) doubly robust effect scores. Only the difference is known here, so the two
    means of the effect are NaN. None where fewer than two contacts could be compared.
    """
    found: list[Effect | None] = []
    for column in scores.T:
        known = ~np.isnan(column)
        count = int(known.sum())
        if count < _LEAST_COMPARED:
            found.append(None)
            continue
        estimate = float(column[known].sum()) / count
        pull = np.where(known, column - estimate, 0.0) / count
        error = clustered_error(pull[known], customer=customer[known])
        reach = NORMAL_95 * error
        found.append(Effect(estimate, error, estimate - reach, estimate + reach, np.nan, np.nan))
    return tuple(found)


def _calibration(
    name: Name | None, held_out: HeldOut, *, customer: NDArray[np.int64]
) -> tuple[EffectCalibration | None, ...]:
    """Return predicted against observed effects of each offer; empty when no one is elected."""
    if name is None:
        return ()
    return tuple(
        effect_calibration(held_out.effects[name][:, offer], scores=column, customer=customer)
        if int((~np.isnan(column)).sum()) >= _LEAST_COMPARED
        else None
        for offer, column in enumerate(held_out.scores.T)
    )


def _standings(
    rows: PresentedRows,
    held_out: HeldOut,
    areas: Mapping[Name, Estimate],
    *,
    chance: Estimate,
    settings: ElectionSettings,
) -> tuple[LearnerStanding, ...]:
    found = []
    for kind in sorted(settings.learners, key=lambda each: list(Name).index(each.name)):
        advantage = difference_of(
            areas[kind.name], chance, cluster=rows.customer, method="area above chance"
        )
        effects = held_out.effects[kind.name]
        second = (
            None if kind.ranks_only else r_score(rows, expected=held_out.expected, effects=effects)
        )
        stands = _one_sided(advantage) * len(settings.learners) < FALSE_ALARM
        found.append(LearnerStanding(kind.name, advantage, stands, second))
    return tuple(found)


def _one_sided(difference: Difference) -> float:
    return difference.p / 2 if difference.value > 0 else 1 - difference.p / 2


def _winner(
    standings: Sequence[LearnerStanding],
    areas: Mapping[Name, Estimate],
    *,
    customer: NDArray[np.int64],
    tolerance: float,
) -> Name | None:
    """Return the simplest that stands and is within the tolerance of the best, or None."""
    standing = [each.name for each in standings if each.stands]
    if not standing:
        return None
    best = max(standing, key=lambda name: areas[name].value)
    for name in standing:
        behind = areas[best].minus(areas[name])
        if behind.value <= tolerance * clustered_error(behind.influence, customer=customer):
            return name
    return best


def _sentence(name: Name | None, standings: Sequence[LearnerStanding], *, outcome: str) -> str:
    if name is None:
        best = max(standings, key=lambda each: each.advantage.value)
        return (
            f"Nothing ranks {outcome} better than chance: the best of {len(standings)} learners "
            f"({best.name}) adds {_figures(best.advantage)}, which chance alone may give."
        )
    chosen = next(each for each in standings if each.name is name)
    how = (
        "The response model ranks" if name is Name.RESPONSE else f"The {name.upper()}-learner ranks"
    )
    return (
        f"{how} {outcome} better than chance: it adds {_figures(chosen.advantage)}, and no simpler "
        "one does as well."
    )


def _figures(advantage: Difference) -> str:
    value, low, high = (_PER * x for x in (advantage.value, advantage.low, advantage.high))
    return f"{value:,.2f} [{low:,.2f}, {high:,.2f}] per 1,000 contacts over all depths"
