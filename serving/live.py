"""Scoring features now, through the live model set: every signal for every offer asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from features.contract import Kind
from models.compiled import CompiledModelSet
from models.live import LiveModelSet
from models.model_set import ALL_PROFILES
from models.per_caller import ByImportance
from models.signals import Signal
from routing.answer import ShownSignals
from serving.bodies import nearest
from serving.prediction import Basis, ChosenModel, Measured, PredictedOffer, Prediction
from serving.problems import ProblemError

UPLIFT = "uplift"


def score(
    models: LiveModelSet,
    *,
    stage: str,
    features: Mapping[str, Measured],
    offers: tuple[str, ...] | None,
    compiled: CompiledModelSet | None = None,
) -> Prediction:
    """Return the signals of each offer; a feature that is absent counts as unknown.

    Where the model set is also given `compiled`, importance chooses whose models score. Raises
    ProblemError 422 for a feature or offer that the model set does not know.
    """
    checked = _checked(models, features)
    asked = chosen_offers(offers, models.offer_ids, holder=f"Model set {models.version}")
    values = [checked.get(name) for name in models.features]
    whose, choice = (stage, None) if compiled is None else _by_importance(compiled, values, stage)
    found = models.score(values, profile=whose)
    by_offer = dict(zip(models.offer_ids, found.matrix.T.tolist(), strict=False))
    predicted = [
        _predicted(offer, dict(zip(found.names, by_offer[offer], strict=True))) for offer in asked
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


def _predicted(offer_id: str, scores: dict[str, float]) -> PredictedOffer:
    """Return the offer's scores, null where the set has no model that could say."""

    def of(name: str) -> float | None:
        value = scores.get(name, math.nan)
        return value if math.isfinite(value) else None

    return PredictedOffer(
        offer_id=offer_id,
        likelihood=of(Signal.ACCEPT),
        uplift=of(UPLIFT),
        lapse=of(Signal.LAPSE),
        keep=of(Signal.KEEP),
        value=of(Signal.VALUE),
    )


def _by_importance(
    models: CompiledModelSet, values: list[Measured], stage: str
) -> tuple[str, ChosenModel]:
    """Return the profile whose models score, and why."""
    columns = {name: [value] for name, value in zip(models.features, values, strict=True)}
    row = models.encode(columns)
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


def _checked(models: LiveModelSet, features: Mapping[str, Measured]) -> dict[str, Measured]:
    kinds = models.kinds
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


def _of_best(offers: list[PredictedOffer]) -> ShownSignals | None:
    if not offers:
        return None
    best = offers[0]
    return ShownSignals(best.likelihood, best.lapse, best.keep, best.value)


def _uncertain(models: LiveModelSet, given: Mapping[str, Measured], *, profile: str) -> str | None:
    said = []
    if unknown := sum(given.get(name) is None for name in models.features):
        said.append(f"{unknown} of {len(models.features)} features are unknown.")
    if profile not in (ALL_PROFILES, *models.profiles):
        said.append(f"The model set has no profile '{profile}': the one for all answered.")
    return " ".join(said) or None
