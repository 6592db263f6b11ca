"""What a prediction is: the question, and the answer with what it rests on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from models.model_choice import ModelChoice
from routing.answer import ShownCustomer, ShownSignals
from routing.contact import Answers, Identifier, Text
from routing.tasks import Stage

Measured = float | bool | str | None


class PredictionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer, by customer_id, from or answers; or `stage` and `features`, scored now.

    A feature that is left out or null is unknown. Without `offers`, all are answered.
    `model_choice` says whose models score: those of the stage, or those to which the features sent
    matter most.
    """

    partner: Text | None = None
    customer_id: Text | None = None
    from_: Text | None = msgspec.field(name="from", default=None)
    answers: Answers = Answers()
    stage: Stage | None = None
    features: dict[str, Measured] | None = None
    offers: tuple[Identifier, ...] | None = None
    model_choice: ModelChoice = ModelChoice.STAGE


class Basis(StrEnum):
    """What a prediction rests on."""

    STRATEGY = "strategy"  # as formed beforehand
    LIVE = "live"  # scored now
    NONE = "none"  # nothing can be said; `why` tells


class PredictedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """One offer: probabilities if it is presented; `uplift` is against not presenting it.

    `value` is the model's expected margin per presentation; `added_value` is money per contact,
    with cost and lapse, and known only to strategies. Null where nothing can be said.
    """

    offer_id: str
    likelihood: float | None
    uplift: float | None
    added_value: float | None = None
    lapse: float | None = None
    keep: float | None = None
    value: float | None = None


class ChosenModel(msgspec.Struct, frozen=True, kw_only=True):
    """Why these models scored: how much what is known matters to each, and that in words."""

    importance: dict[str, float]
    why: str


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """Signals for the best offer, then each offer, best first.

    `profile` is whose models scored; `model_choice` says why, where importance chose them.
    """

    source: Basis
    why: str | None
    customer: ShownCustomer | None = None
    profile: str | None = None
    model_choice: ChosenModel | None = None
    signals: ShownSignals | None = None
    offers: tuple[PredictedOffer, ...] = ()
    strategy_set: str | None = None
    model_set: str | None = None
    formed_at: datetime | None = None
    expires_at: datetime | None = None


def nothing(why: str) -> Prediction:
    """Return the answer when nothing can be said."""
    return Prediction(source=Basis.NONE, why=why)
