"""The strategy: all that is decided for a customer before contact.

These structs are stored as arrays of values in the strategy file (compact, order matters) and
shown as objects in answers; a new field goes to the end, with a default.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Signals(msgspec.Struct, frozen=True, array_like=True):
    """The modelled quantities, for the customer's best offer; None where no model could say.

    `accept`, `lapse`, `keep` are probabilities; `value` is expected margin over the horizon, money.
    """

    accept: float | None = None
    lapse: float | None = None
    keep: float | None = None
    value: float | None = None


class Fallback(msgspec.Struct, frozen=True, array_like=True):
    """A queue to try when the contact has waited so long in the one before."""

    queue: str
    after_seconds: int


class Route(msgspec.Struct, frozen=True, array_like=True):
    """Where: the queue, its priority (1 is served first), skills with least level, fallbacks."""

    queue: str
    priority: int
    skills: dict[str, int] = {}
    centre: str | None = None
    fallbacks: tuple[Fallback, ...] = ()


class RankedOffer(msgspec.Struct, frozen=True, array_like=True):
    """One offer for one customer: yes or no, and why.

    `likelihood` is the probability of acceptance when presented; `uplift` is that minus the
    probability without presentation; `added_value` is money per contact, cost and lapse included.
    `eligible`: the customer may be shown it, worth it or not, as far as stage, wish, caps and rests
    go; what exploring chooses among.
    """

    offer_id: str
    present: bool
    likelihood: float
    uplift: float
    added_value: float
    why: str
    eligible: bool = False


class Handling(msgspec.Struct, frozen=True, array_like=True):
    """How: the offers, best first, and the text for the agent: about the customer, and what to do.

    `advice` speaks of the offers; it is left out where nothing is presented.
    """

    offers: tuple[RankedOffer, ...] = ()
    note: str = ""
    advice: str = ""


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """One main driver in plain words; `effect` is its pull on the probability of acceptance."""

    text: str
    effect: float


class Strategy(msgspec.Struct, frozen=True, array_like=True):
    """All that is decided for a customer before contact; times are UTC and aware.

    `exempt`: nothing is ever tried on the customer, who is marked vulnerable or has opted out.
    """

    customer_id: str
    partner: str
    stage: str
    value_group: str
    signals: Signals
    route: Route
    handling: Handling
    reasons: tuple[Reason, ...]
    model_set: str
    formed_at: datetime
    expires_at: datetime
    exempt: bool = False
