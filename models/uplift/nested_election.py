"""The election of a profile's effects inside a training: the set's own models stand as well.

Every learner is fitted on the fit part and ranks the contacts of the select part, which come later.
What a ranking earns is the area under its gain curve by doubly robust scores of the select part,
less what any order with any allowed offer earns. It stands when that is surely above 0: one-sided,
5 % in all, half of it for the set's own models (acceptance less purchase without an offer) and half
for the learners together.

The set's own models answer until a learner that stands is surely better in pairs (one-sided 5 %
over the learners): they rest on more fits than any learner here. Of such learners (of all that
stand, where the set has no such models) the simplest within `tolerance_errors` standard errors of
the best wins, in their order. When nobody stands, no one is elected: the average effect of each
offer is all that is known. The judge part is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.judging.influence import Estimate
from models.judging.intervals import Difference, difference_of
from models.uplift.base import BaseSettings
from models.uplift.doubly_robust import effect_scores
from models.uplift.effects import Effect, clustered_error
from models.uplift.election import FALSE_ALARM, average_effects
from models.uplift.learners.contract import Learner, Name
from models.uplift.outcomes import OutcomeModels, cross_fit_outcomes
from models.uplift.presented import PresentedRows
from models.uplift.ranking import area_at_random, area_by_offer

Numbers = NDArray[np.float64]

# Who answers when no learner is elected: the set's own models, or no one.
OWN, NO_ONE = "own", "no_one"
_ORDER = (OWN, *Name)
_PER = 1000.0


@dataclass(frozen=True, slots=True)
class Standing:
    """One contender on the select part: what its ranking adds per contact over all depths."""

    name: str
    advantage: Difference
    stands: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What fits without the select part say of it: (n, k) effects by contender, and scores.

    `scores` are doubly robust effect scores, NaN where not comparable. `average` is each offer's
    mean effect over fit and select part, `outcomes` are the outcome models of the fit part.
    """

    effects: Mapping[str, Numbers]
    scores: Numbers
    average: tuple[Effect | None, ...]
    outcomes: OutcomeModels


@dataclass(frozen=True, slots=True)
class NestedElection:
    """Who answers for a profile's effects: a learner's name, OWN or NO_ONE; `found` says why."""

    name: str
    standings: tuple[Standing, ...]
    held: Held
    found: str


def elect_effects(
    fit: PresentedRows,
    select: PresentedRows,
    *,
    own: Numbers | None,
    learners: Sequence[type[Learner]],
    settings: BaseSettings,
    tolerance_errors: float,
    rng: np.random.Generator,
) -> NestedElection:
    """Return who is elected by the rule above.

    `own` (n, k) is what the set's own models, fitted without the select part, expect each offer to
    add to its contacts; None where the set has no such models.
    """
    fits = cross_fit_outcomes(fit, settings=settings, rng=rng)
    effects: dict[str, Numbers] = {} if own is None else {OWN: own}
    for kind in learners:
        learner = kind(settings).fit(fit, rng=rng, outcomes=fits)
        effects[kind.name] = learner.effects(select.matrix)
    scores = effect_scores(select, expected=fits.models.predict(select.matrix))
    seen = effect_scores(fit, expected=fits.crossed)
    average = average_effects(
        np.concatenate([seen, scores]), customer=np.concatenate([fit.customer, select.customer])
    )
    held = Held(effects, scores, average, fits.models)
    name, standings = contest(select, held, tolerance_errors=tolerance_errors)
    return NestedElection(name, standings, held, _sentence(name, standings))


def contest(
    select: PresentedRows, held: Held, *, tolerance_errors: float
) -> tuple[str, tuple[Standing, ...]]:
    """Return who is elected, and how each contender stood, simplest first."""
    effect, allowed = np.nan_to_num(held.scores), select.comparable
    chance = area_at_random(effect, allowed=allowed)
    areas = {
        name: area_by_offer(held.effects[name], effect, allowed=allowed)
        for name in _ORDER
        if name in held.effects
    }
    levels = _levels(tuple(areas))
    standings = tuple(
        _standing(name, area, chance, select, level=levels[name]) for name, area in areas.items()
    )
    stand = [each.name for each in standings if each.stands]
    if OWN in areas and stand:
        stand = [name for name in stand if name != OWN and _beats(name, areas, select)]
        if not stand:
            return OWN, standings
    return _simplest(stand, areas, select, tolerance_errors=tolerance_errors), standings


def _standing(
    name: str, area: Estimate, chance: Estimate, select: PresentedRows, *, level: float
) -> Standing:
    found = difference_of(area, chance, cluster=select.customer, method="area above chance")
    return Standing(str(name), found, _one_sided(found) < level)


def _levels(names: Sequence[str]) -> dict[str, float]:
    """Return the one-sided level at which each stands; together they are FALSE_ALARM."""
    learners = [name for name in names if name != OWN]
    half = FALSE_ALARM / 2 if OWN in names and learners else FALSE_ALARM
    return {name: half if name == OWN else half / len(learners) for name in names}


def _one_sided(found: Difference) -> float:
    return found.p / 2 if found.value > 0 else 1 - found.p / 2


def _beats(name: str, areas: Mapping[str, Estimate], select: PresentedRows) -> bool:
    """Return whether a learner is surely better than the set's own models."""
    ahead = difference_of(areas[name], areas[OWN], cluster=select.customer, method="paired areas")
    return _one_sided(ahead) * (len(areas) - 1) < FALSE_ALARM


def _simplest(
    stand: Sequence[str],
    areas: Mapping[str, Estimate],
    select: PresentedRows,
    *,
    tolerance_errors: float,
) -> str:
    """Return the simplest of those that stand within the tolerance of the best; else no one."""
    if not stand:
        return NO_ONE
    best = max(stand, key=lambda name: areas[name].value)
    for name in stand:
        behind = areas[best].minus(areas[name])
        error = clustered_error(behind.influence, customer=select.customer)
        if behind.value <= tolerance_errors * error:
            return name
    return best


def response_line(
    response: Numbers, *, scores: Numbers, average: Sequence[Effect | None]
) -> tuple[float, tuple[float, ...]]:
    """Return slope and (k,) intercepts by which expected outcomes become effects.

    The slope is shared by all offers, by least squares of the scores within each offer, and not
    below 0; the intercepts keep each offer's average effect.
    """
    known = ~np.isnan(scores)
    count = np.maximum(known.sum(axis=0), 1)
    middle = np.where(known, response, 0.0).sum(axis=0) / count
    level = np.where(known, scores, 0.0).sum(axis=0) / count
    centred = np.where(known, response - middle, 0.0)
    spread = float((centred**2).sum())
    slope = float((centred * np.where(known, scores - level, 0.0)).sum()) / spread if spread else 0
    slope = max(slope, 0.0)
    averages = np.array([0.0 if each is None else each.estimate for each in average])
    return slope, tuple(float(by) for by in averages - slope * middle)


def _sentence(name: str, standings: Sequence[Standing]) -> str:
    if name == NO_ONE:
        best = max(standings, key=lambda each: each.advantage.value)
        return (
            f"No one ranks what offers add better than chance: the best of {len(standings)} "
            f"({said(best.name)}) adds {_figures(best.advantage)}. Each offer's average effect "
            "answers."
        )
    chosen = next(each for each in standings if each.name == name)
    if name == OWN:
        return (
            f"The difference of the set's own models adds {_figures(chosen.advantage)} to chance, "
            "and no learner is surely better."
        )
    return (
        f"{said(name)[0].upper()}{said(name)[1:]} ranks what offers add: it adds "
        f"{_figures(chosen.advantage)} to chance, and no simpler one does as well."
    )


def said(name: str) -> str:
    """Return who answers in words."""
    if name == OWN:
        return "the difference of the set's own models"
    if name == NO_ONE:
        return "the average effect"
    return "the response model" if name == Name.RESPONSE else f"the {name.upper()}-learner"


def _figures(advantage: Difference) -> str:
    value, low, high = (_PER * x for x in (advantage.value, advantage.low, advantage.high))
    return f"{value:,.1f} [{low:,.1f}, {high:,.1f}] buyers per 1,000 contacts over all depths"
