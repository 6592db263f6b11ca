"""Scoring features now, through the compiled model set: every signal for every offer asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.contract import Kind
from models.compiled import CompiledModelSet
from models.encoding import Columns
from models.model_choice import ModelChoice
from models.model_set import ALL_PROFILES
from models.per_caller import ByImportance
from models.reasons import Matrix
from models.signals import Signal
from routing.answer import ShownSignals
from serving.bodies import nearest
from serving.prediction import Basis, ChosenModel, Measured, PredictedOffer, Prediction
from serving.problems import ProblemError


def score(
    models: CompiledModelSet,
    *,
    stage: str,
    features: Mapping[str, Measured],
    offers: tuple[str, ...] | None,
    model_choice: ModelChoice = ModelChoice.STAGE,
) -> Prediction:
    """Return the signals of each offer; a feature that is absent counts as unknown.

    Raises ProblemError 422 for a feature or offer that the model set does not know.
    """
    checked = _checked(models, features)
    asked = chosen_offers(offers, models.offer_ids, holder=f"Model set {models.version}")
    columns = {name: [checked.get(name)] for name in models.features}
    row = models.encode(columns)
    whose, choice = _whose(models, columns, row, stage=stage, model_choice=model_choice)
    matrix = np.repeat(row, len(asked), axis=0)
    profile = np.full(len(asked), whose)
    places = np.array([models.offer_ids.index(offer) for offer in asked], dtype=np.intp)
    scores = {
        signal: models.predict(signal, matrix, profile=profile, offer=places)
        for signal in models.signals
    }

    elected = models.elected_effects(row, profile=np.array([whose]))[0][places]

    def of(signal: Signal, at: int) -> float | None:
        return float(scores[signal][at]) if signal in scores else None

    predicted = [
        PredictedOffer(
            offer_id=offer,
            likelihood=of(Signal.ACCEPT, at),
            uplift=_uplift(elected[at], of(Signal.ACCEPT, at), of(Signal.BASELINE, at)),
            lapse=of(Signal.LAPSE, at),
            keep=of(Signal.KEEP, at),
            value=of(Signal.VALUE, at),
        )
        for at, offer in enumerate(asked)
    ]
    predicted.sort(key=lambda one: (-(one.value or 0.0), -(one.likelihood or 0.0), one.offer_id))
    return Prediction(
        source=Basis.LIVE,
        why=_uncertain(models, checked, profile=whose),
        profile=whose,
        model_choice=choice,
        signals=_of_best(predicted),
        offers=tuple(predicted),
        model_set=models.version,
    )


def _whose(
    models: CompiledModelSet,
    columns: Columns,
    row: Matrix,
    *,
    stage: str,
    model_choice: ModelChoice,
) -> tuple[str, ChosenModel | None]:
    """Return the profile whose models score, and why where importance chose it."""
    if model_choice is ModelChoice.STAGE:
        return stage, None
    chosen = ByImportance(models).choose(columns, row, stage=np.array([stage]))
    importance = {name: round(by, 4) for name, by in chosen.sums(0).items()}
    return str(chosen.profile[0]), ChosenModel(importance=importance, why=chosen.why(0))


def chosen_offers(
    offers: tuple[str, ...] | None, known: tuple[str, ...], *, holder: str
) -> tuple[str, ...]:
    """Return the offers asked for, or all; ProblemError 422 for one that is not known."""
    if offers is None:
        return known
    for at, offer in enumerate(offers):
        if offer not in known:
            raise ProblemError(
                422,
                f"{holder} has no offer '{offer}'.",
                fix=f"It has: {', '.join(known) or 'none'}.{nearest(offer, known)}",
                field=f"offers[{at}]",
                allowed=known,
            )
    return tuple(dict.fromkeys(offers))


def _checked(models: CompiledModelSet, features: Mapping[str, Measured]) -> dict[str, Measured]:
    kinds = dict(models.manifest.features)
    for name, value in features.items():
        if name not in kinds:
            raise ProblemError(
                422,
                f"Model set {models.version} has no feature '{name[:80]}'.",
                fix=f"Leave it out, or correct its name.{nearest(name, kinds)}",
                field=f"features.{name[:80]}",
            )
        nominal = kinds[name] == Kind.NOMINAL
        if value is not None and isinstance(value, str) is not nominal:
            raise ProblemError(
                422,
                f"The feature '{name}' is {kinds[name]}, and {value!r:.80} was sent.",
                fix=f"Send {'text' if nominal else 'a number'}, or null when it is not known.",
                field=f"features.{name}",
            )
    return {name: float(v) if isinstance(v, bool | int) else v for name, v in features.items()}


def _uplift(elected: float, accept: float | None, baseline: float | None) -> float | None:
    """Return the elected learner's effect, or else acceptance less baseline."""
    if np.isfinite(elected):
        return float(elected)
    return None if accept is None or baseline is None else accept - baseline


def _of_best(offers: list[PredictedOffer]) -> ShownSignals | None:
    if not offers:
        return None
    best = offers[0]
    return ShownSignals(best.likelihood, best.lapse, best.keep, best.value)


def _uncertain(
    models: CompiledModelSet, given: Mapping[str, Measured], *, profile: str
) -> str | None:
    said = []
    if unknown := sum(given.get(name) is None for name in models.features):
        said.append(f"{unknown} of {len(models.features)} features are unknown.")
    if profile not in (ALL_PROFILES, *models.profiles):
        said.append(f"The model set has no profile '{profile}': the one for all answered.")
    return " ".join(said) or None
